-- lapse: remove a deadline that has passed and means nothing any more; one that was set anew meanwhile stays.
-- KEYS 1 timers
-- ARGV 1 member
-- Gives 1 when it was removed.

local function lapse(KEYS, ARGV)
  local at = redis.call('ZSCORE', KEYS[1], ARGV[1])
  if not at or tonumber(at) > store_ms() then return 0 end
  return redis.call('ZREM', KEYS[1], ARGV[1])
end

register('lapse', lapse)
