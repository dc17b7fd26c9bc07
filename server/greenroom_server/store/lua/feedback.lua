-- feedback: keep what a user wants to tell the marketplace; once per (user, cid).
-- KEYS 1 stream 2 cids of the day
-- ARGV 1 MessagePack: a map of actor, cid, cid_ms, hash, extra, kept 2 payload
-- Gives {'ok', at} or, as commit does, {'dup', stored}, {'conflict'}, {'window'}.

local function feedback(KEYS, ARGV)
  local now, d = store_ms(), cmsgpack.unpack(ARGV[1])
  if not check_window(d.cid, d.cid_ms, now) then return { 'window' } end
  local known = recall_cid(KEYS[2], KEYS[2], d.actor, d.cid, d.hash)
  if known then return known end
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', d.kept, '*', 'f', ARGV[2])
  keep_cid(KEYS[2], d, 0, 0, now)
  return { 'ok', now }
end

register('feedback', feedback)
