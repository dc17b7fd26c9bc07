-- touch: merge one row of a user's inbox, in the user's own partition; idempotent, in any order.
-- KEYS 1 inbox 2 rows 3 where 4 nodes
-- ARGV 1 tag 2 node ('' publishes to all) 3 user 4 thread 5 epoch of the thread 6 seq 7 n 8 state 9 last_at 10 read
--      11 events as MessagePack list of {seq, n, at, payload} ('' none)
-- Gives {mark, from, seq, n, read, state, last_at}, or false when nothing grew.

local function touch(KEYS, ARGV)
  local epoch = tonumber(ARGV[5])
  local new = { epoch, tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9]) }
  local row = touch_row(KEYS[1], KEYS[2], ARGV[4], new, tonumber(ARGV[10]))
  if not row then return false end
  local nodes = other_nodes(KEYS[3], KEYS[4], ARGV[2], store_ms())
  if #nodes > 0 then
    local events = ARGV[11] ~= '' and cmsgpack.unpack(ARGV[11]) or {}
    publish_row(ARGV[1], nodes, ARGV[3], ARGV[4], epoch, row, events)
  end
  return row
end

register('touch', touch)
