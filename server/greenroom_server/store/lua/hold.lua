-- hold: keep a text, or an appeal, for the moderators; once for each id. A text's cid remembers that it is held.
-- KEYS 1 held 2 open 3 what of its sender waits in its thread 4 decided 5 sealed of the cid's day 6 timers 7 changes 8 audit
--      9 head 10 cids of the day
-- ARGV 1 id 2 record 3 sealed original or '' 4 actor 5 cid 6 cid ms 7 body hash ('' for an appeal: its cid is another's)
--      8 extra for a repeat 9 thread 10 expires after, ms (0: never) 11 most of one sender 12 most in all 13 kind of the change
--      14 its fields as JSON 15 audit entry 16 when the hash of sealed ones expires, UTC s
-- Gives {'ok', at}, {'known', record}, {'full'} or, as commit does, {'dup', stored}, {'conflict'}, {'window'}.

local function keep_held(h, ARGV, now)
  local id, expires_ms = ARGV[1], tonumber(ARGV[10])
  local what = cmsgpack.unpack(ARGV[2])
  what.at, what.expires_at = now, expires_ms > 0 and now + expires_ms or 0
  redis.call('HSET', h.held, id, cmsgpack.pack(what))
  redis.call('ZADD', h.open, now, id)
  if expires_ms > 0 then
    local last = redis.call('ZRANGE', h.of, -1, -1, 'WITHSCORES')[2]
    redis.call('ZADD', h.of, math.max(now, last and tonumber(last) + 1 or 0), id)
    redis.call('ZADD', h.timers, what.expires_at, 'held ' .. id)
  end
  if ARGV[3] ~= '' then
    redis.call('HSET', h.sealed, id, ARGV[3])
    redis.call('EXPIREAT', h.sealed, ARGV[16])
  end
  tell_held(h, ARGV[13], ARGV[9], ARGV[14])
  note_audit(h.audit, ARGV[15], ARGV[9])
end

local function hold(KEYS, ARGV)
  local now, cid_ms, hash = store_ms(), tonumber(ARGV[6]), ARGV[7]
  local h = held_keys(KEYS, 1, { timers = KEYS[6], changes = KEYS[7], audit = KEYS[8] })
  if hash ~= '' then
    if not check_window(ARGV[5], cid_ms, now) then return { 'window' } end
    local known = recall_cid(KEYS[10], KEYS[9], ARGV[4], ARGV[5], hash)
    if known then return known end
  end
  local what, raw = read_held(h, ARGV[1])
  if what and (hash == '' or waits(what)) then return { 'known', raw } end
  if redis.call('ZCARD', h.of) >= tonumber(ARGV[11]) or redis.call('ZCARD', h.open) >= tonumber(ARGV[12]) then
    return { 'full' }
  end
  if hash ~= '' then
    redis.call('HSET', KEYS[10], ARGV[4] .. ' ' .. ARGV[5], string.format('%s h 0 0 %d %s', hash, now, ARGV[8]))
    redis.call('EXPIREAT', KEYS[10], (math.floor(cid_ms / 86400000) + 9) * 86400)
  end
  keep_held(h, ARGV, now)
  return { 'ok', now }
end

register('hold', hold)
