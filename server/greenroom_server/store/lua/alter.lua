-- alter: change one field of somebody's record if it still is as it was, with everything that follows from it.
-- KEYS 1-6 as for a notice (_notice.lua), 7 record 8 timers 9 changes
-- ARGV 1-4 as for a notice, 5 MessagePack: {field, old ('' when absent), new ('' removes), payload of a notice or '',
--      {{deadline, member}, ...} timers, {member, ...} timers to drop, kind of a change or '', its subject, its fields as JSON}
-- Gives {'ok', what the notice gave}, {'ok'}, {'stale', the field now}, or {'none'} without a record.

local function alter(KEYS, ARGV)
  local d = cmsgpack.unpack(ARGV[5])
  if redis.call('EXISTS', KEYS[7]) == 0 then return { 'none' } end
  local now_is = redis.call('HGET', KEYS[7], d[1]) or ''
  if now_is ~= d[2] then return { 'stale', now_is } end
  if d[3] == '' then
    redis.call('HDEL', KEYS[7], d[1])
  else
    redis.call('HSET', KEYS[7], d[1], d[3])
  end
  for _, timer in ipairs(d[5]) do redis.call('ZADD', KEYS[8], timer[1], timer[2]) end
  for _, member in ipairs(d[6]) do redis.call('ZREM', KEYS[8], member) end
  if d[7] ~= '' then redis.call('XADD', KEYS[9], '*', 'k', d[7], 'u', d[8], 'd', d[9]) end
  if d[4] == '' then return { 'ok' } end
  return { 'ok', note(KEYS, ARGV, d[4], store_ms()) }
end

register('alter', alter)
