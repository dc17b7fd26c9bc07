-- pair: change the flags of a relationship; every commit in its threads compares their revision.
-- KEYS 1 pair flags 2 timers
-- ARGV 1 freelancer 2 expected revision 3 flags as MessagePack 4 timer that is due at once: the threads are to be told
-- Gives {'ok', revision} or {'rev', revision}.

local function pair(KEYS, ARGV)
  local rev = redis.call('HGET', KEYS[1], ARGV[1] .. '#rev') or '0'
  if rev ~= ARGV[2] then return { 'rev', rev } end
  local new = string.format('%d', tonumber(rev) + 1)
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[3], ARGV[1] .. '#rev', new)
  redis.call('ZADD', KEYS[2], store_ms(), ARGV[4])
  return { 'ok', new }
end

register('pair', pair)
