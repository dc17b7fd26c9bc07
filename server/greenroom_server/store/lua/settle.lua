-- settle: remove dirty entries whose touch is done, each only if it still holds the value that was touched.
-- KEYS 1 dirty
-- ARGV (field, value) for each
-- Gives how many were removed.

local function settle(KEYS, ARGV)
  local gone = 0
  for i = 1, #ARGV, 2 do
    if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
      gone = gone + redis.call('HDEL', KEYS[1], ARGV[i])
    end
  end
  return gone
end

register('settle', settle)
