-- topic_watch: a node wants to be told of a topic's news, or no longer does.
-- KEYS 1 head 2 nodes that have it open 3 epoch
-- ARGV 1 node 2 '1' to begin, '0' to end
-- Gives {epoch, seq of the last entry}, or false when there is no such topic.

local function topic_watch(KEYS, ARGV)
  local seq = redis.call('HGET', KEYS[1], 'seq')
  if ARGV[2] == '1' and seq then
    redis.call('HSET', KEYS[2], ARGV[1], '1')
  else
    redis.call('HDEL', KEYS[2], ARGV[1])
  end
  return seq and { tonumber(redis.call('HGET', KEYS[3], 'epoch') or 0), tonumber(seq) }
end

register('topic_watch', topic_watch)
