-- news: in which partitions a follower has something to read. On one primary for all partitions at once.
-- KEYS changes and followers of each partition
-- ARGV 1 follower
-- Gives {index, oldest id it has not had, ...}, counted from 0.

local function news(KEYS, ARGV)
  local out = {}
  for i = 1, #KEYS, 2 do
    if redis.call('XLEN', KEYS[i]) > 0 then
      local position = redis.call('HGET', KEYS[i + 1], ARGV[1]) or '0-0'
      local first = redis.call('XRANGE', KEYS[i], '(' .. position, '+', 'COUNT', 1)[1]
      if first then
        out[#out + 1] = (i - 1) / 2
        out[#out + 1] = first[1]
      end
    end
  end
  return out
end

register('news', news, { 'no-writes' })
