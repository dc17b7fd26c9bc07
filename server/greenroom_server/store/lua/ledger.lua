-- ledger: the obligations of one person that began at or after a time, newest first.
-- KEYS 1 obligations 2 obligations by t0
-- ARGV 1 since 2 limit
-- Gives {id, obligation, ...}.

local function ledger(KEYS, ARGV)
  local ids = redis.call('ZREVRANGEBYSCORE', KEYS[2], '+inf', ARGV[1], 'LIMIT', 0, ARGV[2])
  if #ids == 0 then return ids end
  local values, out = redis.call('HMGET', KEYS[1], unpack(ids)), {}
  for i = 1, #ids do
    if values[i] then
      out[#out + 1] = ids[i]
      out[#out + 1] = values[i]
    end
  end
  return out
end

register('ledger', ledger, { 'no-writes' })
