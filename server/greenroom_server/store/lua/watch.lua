-- watch: a node wants to be told a user's presence (or no longer does); gives the presence now.
-- KEYS 1 where 2 nodes 3 watchers
-- ARGV 1 node 2 '1' to begin, '0' to end

local function watch(KEYS, ARGV)
  if ARGV[2] == '1' then
    redis.call('HSET', KEYS[3], ARGV[1], '1')
  else
    redis.call('HDEL', KEYS[3], ARGV[1])
  end
  return presence_of(KEYS[1], KEYS[2], store_ms())
end

register('watch', watch)
