-- personal: set for one row, for its user alone, until when it is muted or at which n it was archived; the mark moves.
-- KEYS 1 inbox 2 rows 3 where 4 nodes
-- ARGV 1 tag 2 node 3 user 4 thread 5 what (muted, archived) 6 until when, UTC ms; or the n on screen, -1 to bring it back
-- Gives {epoch, row as touch gives it or false when nothing changed, muted until, archived n}, or false without a row.

local function personal(KEYS, ARGV)
  local raw = redis.call('HGET', KEYS[2], ARGV[4])
  if not raw then return false end
  local old, value = cmsgpack.unpack(raw), tonumber(ARGV[6])
  local muted, archived = old[8] or 0, old[9] or -1
  if ARGV[5] == 'muted' then muted = value else archived = math.min(value, old[3]) end
  if muted == (old[8] or 0) and archived == (old[9] or -1) then
    redis.call('HINCRBY', KEYS[2], '#repeats', 1)
    return { old[1], false, muted, archived }
  end
  local mark = redis.call('HINCRBY', KEYS[2], '#mark', 1)
  local new = { old[1], old[2], old[3], old[4], old[5], old[6], mark, muted, archived }
  redis.call('HSET', KEYS[2], ARGV[4], cmsgpack.pack(new))
  redis.call('ZADD', KEYS[1], mark, ARGV[4])
  local row = { mark, old[2], old[2], old[3], old[4], old[5], old[6], muted, archived }
  publish_row(ARGV[1], other_nodes(KEYS[3], KEYS[4], ARGV[2], store_ms()), ARGV[3], ARGV[4], old[1], row, {})
  return { old[1], row, muted, archived }
end

register('personal', personal)
