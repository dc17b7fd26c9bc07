-- place: take a place among the things one user may begin within a sliding time; the same cid takes it once.
-- KEYS 1 places (sorted set cid -> when it was taken)
-- ARGV 1 cid 2 limit 3 window ms
-- Gives {'new'}, {'known'}, or {'full', ms until the oldest place is free}.

local function place(KEYS, ARGV)
  local now, limit, window = store_ms(), tonumber(ARGV[2]), tonumber(ARGV[3])
  redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - window)
  if redis.call('ZSCORE', KEYS[1], ARGV[1]) then
    redis.call('PEXPIRE', KEYS[1], window)
    return { 'known' }
  end
  if redis.call('ZCARD', KEYS[1]) >= limit then
    local oldest = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
    return { 'full', oldest[2] and oldest[2] + window - now or window }
  end
  redis.call('ZADD', KEYS[1], now, ARGV[1])
  redis.call('PEXPIRE', KEYS[1], window)
  return { 'new' }
end

register('place', place)
