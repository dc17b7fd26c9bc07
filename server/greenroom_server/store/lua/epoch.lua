-- epoch: make sure a partition's epoch belongs to this primary; raise it by compare-and-set when history may be lost.
-- KEYS 1 epoch
-- ARGV 1 identity of the primary 2 '1' when a restart of the same data keeps the epoch
-- Gives {epoch, '1' when it was raised}.

local function epoch(KEYS, ARGV)
  local e = redis.call('HMGET', KEYS[1], 'epoch', 'identity')
  if e[1] and (e[2] == ARGV[1] or ARGV[2] == '1') then
    if e[2] ~= ARGV[1] then redis.call('HSET', KEYS[1], 'identity', ARGV[1]) end
    return { tonumber(e[1]), 0 }
  end
  local new = math.max(tonumber(e[1] or 0) + 1, store_ms())
  redis.call('HSET', KEYS[1], 'epoch', string.format('%d', new), 'identity', ARGV[1])
  if e[1] then redis.call('HSET', KEYS[1], 'rebuilding', '1') end
  return { new, e[1] and 1 or 0 }
end

register('epoch', epoch)
