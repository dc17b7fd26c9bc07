-- judge: note what moderation says of an obligation; what happened to it stays beside that. May be repeated.
-- KEYS 1 obligations
-- ARGV 1 id 2 outcome 3 time it holds from
-- Gives 1, or 0 when there is no such obligation.

local function judge(KEYS, ARGV)
  local raw = redis.call('HGET', KEYS[1], ARGV[1])
  if not raw then return 0 end
  local o = cmsgpack.unpack(raw)
  o[7], o[8] = ARGV[2], tonumber(ARGV[3])
  redis.call('HSET', KEYS[1], ARGV[1], cmsgpack.pack(o))
  return 1
end

register('judge', judge)
