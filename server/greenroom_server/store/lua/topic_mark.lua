-- topic_mark: move a user's read mark of the announcements; it only grows.
-- KEYS 1 marks
-- ARGV 1 user 2 seq 3 how many announcements there were up to it
-- Gives the mark now, `<seq> <count>`.

local function topic_mark(KEYS, ARGV)
  local old = redis.call('HGET', KEYS[1], ARGV[1])
  if old and tonumber(string.match(old, '^%d+')) >= tonumber(ARGV[2]) then return old end
  local new = ARGV[2] .. ' ' .. ARGV[3]
  redis.call('HSET', KEYS[1], ARGV[1], new)
  return new
end

register('topic_mark', topic_mark)
