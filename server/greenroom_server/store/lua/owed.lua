-- owed: take or keep the partition's repair lock and list the touches that have been owed for a while.
-- KEYS 1 dirty 2 lock
-- ARGV 1 node 2 lock ms 3 minimum age ms 4 limit
-- Gives {field, value, ...}; empty when another node holds the lock or nothing is old enough.

local function owed(KEYS, ARGV)
  if redis.call('HLEN', KEYS[1]) == 0 then return {} end
  local holder = redis.call('GET', KEYS[2])
  if holder and holder ~= ARGV[1] then return {} end
  local oldest, limit = store_ms() - tonumber(ARGV[3]), tonumber(ARGV[4])
  local out, cursor = {}, '0'
  repeat
    local page = redis.call('HSCAN', KEYS[1], cursor, 'COUNT', 200)
    cursor = page[1]
    for i = 1, #page[2], 2 do
      if cmsgpack.unpack(page[2][i + 1])[7] <= oldest then
        out[#out + 1] = page[2][i]
        out[#out + 1] = page[2][i + 1]
      end
    end
  until cursor == '0' or #out >= limit * 2
  if #out > 0 then redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2]) end
  return out
end

register('owed', owed)
