-- enrol: from now on keep changes until this follower has had them; repeated, so that it is not taken for gone.
-- KEYS 1 followers
-- ARGV 1 follower

local function enrol(KEYS, ARGV)
  redis.call('HSETNX', KEYS[1], ARGV[1], '0-0')
  redis.call('HSET', KEYS[1], ARGV[1] .. '#seen', store_ms())
  return 1
end

register('enrol', enrol)
