-- changes: the rows of an inbox that changed after a mark, oldest change first.
-- KEYS 1 inbox 2 rows 3 epoch
-- ARGV 1 mark 2 limit
-- Gives a page (see _pages.lua).

local function changes(KEYS, ARGV)
  local limit = tonumber(ARGV[2])
  local threads = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. ARGV[1], '+inf', 'LIMIT', 0, limit + 1)
  return inbox_page(KEYS[2], KEYS[3], threads, limit)
end

register('changes', changes, { 'no-writes' })
