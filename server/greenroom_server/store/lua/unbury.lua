-- unbury: forget a dead letter, because it was delivered or discarded.
-- KEYS 1 order 2 letters
-- ARGV 1 id
-- Gives 1, or 0 when there was none.

local function unbury(KEYS, ARGV)
  redis.call('ZREM', KEYS[1], ARGV[1])
  return redis.call('HDEL', KEYS[2], ARGV[1])
end

register('unbury', unbury)
