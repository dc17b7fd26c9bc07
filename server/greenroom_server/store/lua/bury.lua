-- bury: keep a webhook that nobody took, once; beyond the most the oldest go.
-- KEYS 1 order 2 letters
-- ARGV 1 id 2 time, UTC ms 3 letter 4 most
-- Gives {letters now, how many were dropped}.

local function bury(KEYS, ARGV)
  if redis.call('HSET', KEYS[2], ARGV[1], ARGV[3]) == 1 then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
  local over = redis.call('ZCARD', KEYS[1]) - tonumber(ARGV[4])
  if over <= 0 then return { redis.call('ZCARD', KEYS[1]), 0 } end
  local gone = redis.call('ZPOPMIN', KEYS[1], over)
  for i = 1, #gone, 2 do redis.call('HDEL', KEYS[2], gone[i]) end
  return { redis.call('ZCARD', KEYS[1]), over }
end

register('bury', bury)
