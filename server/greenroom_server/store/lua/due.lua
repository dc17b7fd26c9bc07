-- due: take or keep the partition's timer lock and list the deadlines that have passed; each stays until its commit.
-- KEYS 1 timers 2 lock
-- ARGV 1 node 2 lock ms 3 limit
-- Gives the members that are due.

local function due(KEYS, ARGV)
  local members = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', store_ms(), 'LIMIT', 0, ARGV[3])
  if #members == 0 then return members end
  local holder = redis.call('GET', KEYS[2])
  if holder and holder ~= ARGV[1] then return {} end
  redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
  return members
end

register('due', due)
