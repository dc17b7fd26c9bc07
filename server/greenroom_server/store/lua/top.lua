-- top: the most recently changed rows of an inbox, newest first, below a mark; without the user's own log.
-- KEYS 1 inbox 2 rows 3 epoch
-- ARGV 1 before (exclusive mark, or +inf) 2 limit 3 id of the own log
-- Gives a page (see _pages.lua).

local function top(KEYS, ARGV)
  local limit = tonumber(ARGV[2])
  local before = ARGV[1] == '+inf' and '+inf' or '(' .. ARGV[1]
  local threads = {}
  for _, thread in ipairs(redis.call('ZREVRANGEBYSCORE', KEYS[1], before, '-inf', 'LIMIT', 0, limit + 2)) do
    if thread ~= ARGV[3] and #threads <= limit then threads[#threads + 1] = thread end
  end
  return inbox_page(KEYS[2], KEYS[3], threads, limit)
end

register('top', top, { 'no-writes' })
