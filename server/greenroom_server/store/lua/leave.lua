-- leave: a node no longer serves a user.
-- KEYS 1 where 2 nodes 3 watchers
-- ARGV 1 tag 2 node 3 user
-- Gives the user's presence afterwards.

local function leave(KEYS, ARGV)
  local now = store_ms()
  local before = presence_of(KEYS[1], KEYS[2], now)
  redis.call('HDEL', KEYS[1], ARGV[2])
  local after = presence_of(KEYS[1], KEYS[2], now)
  if after ~= before then tell_watchers(ARGV[1], KEYS[3], KEYS[2], ARGV[2], ARGV[3], after, now) end
  return after
end

register('leave', leave)
