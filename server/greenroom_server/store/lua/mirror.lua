-- mirror: open or settle what a client owes a freelancer, from events that may come more than once, in order.
-- An obligation is as in _obligations.lua; the open one of a thread stands in the field `open:<thread>`.
-- KEYS 1 obligations 2 obligations by t0
-- ARGV 1 'open' 2 thread 3 seq of the event 4 its time 5 kind 6 freelancer
--      1 'settle' 2 thread 3 seq of the event 4 its time 5 outcome
-- Gives 1 when something changed, else 0.

local function mirror(KEYS, ARGV)
  local thread, seq, at = ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4])
  local id, k_open = thread .. '.' .. ARGV[3], 'open:' .. thread
  if ARGV[1] == 'open' then
    local new = cmsgpack.pack({ ARGV[5], thread, ARGV[6], at, 0, 'open' })
    if redis.call('HSETNX', KEYS[1], id, new) == 0 then return 0 end
    redis.call('ZADD', KEYS[2], at, id)
    redis.call('HSET', KEYS[1], k_open, id)
    return 1
  end
  local open = redis.call('HGET', KEYS[1], k_open)
  if not open or tonumber(string.match(open, '%.(%d+)$')) > seq then return 0 end
  local o = cmsgpack.unpack(redis.call('HGET', KEYS[1], open))
  o[5], o[6] = at, ARGV[5]
  redis.call('HSET', KEYS[1], open, cmsgpack.pack(o))
  redis.call('HDEL', KEYS[1], k_open)
  return 1
end

register('mirror', mirror)
