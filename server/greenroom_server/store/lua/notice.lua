-- notice: append one notice to a user's own log.
-- KEYS 1 log 2 inbox 3 rows 4 where 5 nodes 6 epoch
-- ARGV 1 tag 2 node 3 user 4 log's id 5 payload of the event
-- Gives {epoch, {mark, from, seq, n, read, state, last_at}}.

local function notice(KEYS, ARGV)
  return note(KEYS, ARGV, ARGV[5], store_ms())
end

register('notice', notice)
