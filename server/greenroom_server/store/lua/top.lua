-- top: the most recently changed rows of an inbox, newest first, below a mark.
-- KEYS 1 inbox 2 rows 3 epoch
-- ARGV 1 before (exclusive mark, or +inf) 2 limit
-- Gives a page (see _pages.lua).

local function top(KEYS, ARGV)
  local limit = tonumber(ARGV[2])
  local before = ARGV[1] == '+inf' and '+inf' or '(' .. ARGV[1]
  local threads = redis.call('ZREVRANGEBYSCORE', KEYS[1], before, '-inf', 'LIMIT', 0, limit + 1)
  return inbox_page(KEYS[2], KEYS[3], threads, limit)
end

register('top', top, { 'no-writes' })
