-- read: move a user's own read mark in their inbox row; it never moves back and never passes the row's n.
-- KEYS 1 inbox 2 rows 3 where 4 nodes
-- ARGV 1 tag 2 node 3 user 4 thread 5 n
-- Gives {epoch, {mark, from, seq, n, read, state, last_at}} when it moved, {epoch, false, read} when not, false without a row.

local function read(KEYS, ARGV)
  local raw = redis.call('HGET', KEYS[2], ARGV[4])
  if not raw then return false end
  local old = cmsgpack.unpack(raw)
  local row = touch_row(KEYS[1], KEYS[2], ARGV[4], { old[1], 0, old[3], '', 0 }, tonumber(ARGV[5]))
  if not row then return { old[1], false, old[4] } end
  publish_row(ARGV[1], other_nodes(KEYS[3], KEYS[4], ARGV[2], store_ms()), ARGV[3], ARGV[4], old[1], row, {})
  return { old[1], row }
end

register('read', read)
