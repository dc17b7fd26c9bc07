-- mark_head: set or clear one field of a thread's head that decisions depend on; its revision moves when it changed.
-- KEYS 1 head
-- ARGV 1 field 2 value; empty clears it
-- Gives 1 when it changed.

local function mark_head(KEYS, ARGV)
  if redis.call('HEXISTS', KEYS[1], 'tail') == 0 then return 0 end
  local old = redis.call('HGET', KEYS[1], ARGV[1]) or ''
  if old == ARGV[2] then return 0 end
  if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
  redis.call('HINCRBY', KEYS[1], 'rev', 1)
  return 1
end

register('mark_head', mark_head)
