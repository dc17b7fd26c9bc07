-- refuse: remember a bounce or a hold under its cid, so that the same cid always gets the same verdict.
-- KEYS 1 head 2 cids of the day 3 audit
-- ARGV 1 actor 2 cid 3 cid ms 4 body hash 5 what is stored: `<hash> b 0 0 0 <payload>` 6 thread 7 audit entry
-- Gives {'ok', bounces of this actor here} or, as commit does, {'dup', stored}, {'conflict'}, {'window'}.

local function refuse(KEYS, ARGV)
  local now, cid_ms = store_ms(), tonumber(ARGV[3])
  if not check_window(ARGV[2], cid_ms, now) then return { 'window' } end
  local known = recall_cid(KEYS[2], KEYS[1], ARGV[1], ARGV[2], ARGV[4])
  if known then return known end
  redis.call('HSET', KEYS[2], ARGV[1] .. ' ' .. ARGV[2], ARGV[5])
  redis.call('EXPIREAT', KEYS[2], (math.floor(cid_ms / 86400000) + 9) * 86400)
  note_audit(KEYS[3], ARGV[7], ARGV[6])
  return { 'ok', redis.call('HINCRBY', KEYS[1], 'bounces:' .. ARGV[1], 1) }
end

register('refuse', refuse)
