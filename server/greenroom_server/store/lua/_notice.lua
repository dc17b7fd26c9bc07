-- Shared: append a notice to a user's own log, in the user's partition; touch its row, publish it to the user's nodes.
--
-- The first six KEYS of a function that gives notices are log, inbox, rows, where, nodes, epoch; its first four ARGV
-- are tag, node, user, log's id.
-- The log keeps at most 500 notices, and none that is older than 90 days; its last seq stands in its row.

local NOTICES, NOTICE_MS = 500, 90 * 86400000

local function drop_old_notices(k_log, now)
  for _, entry in ipairs(redis.call('XRANGE', k_log, '-', '+', 'COUNT', 20)) do
    if tonumber(entry[2][6]) >= now - NOTICE_MS then return end
    redis.call('XDEL', k_log, entry[1])
  end
end

-- Gives {epoch, row}; `row` as a touch gives it, its last_at is the notice's time.
local function note(KEYS, ARGV, payload, now)
  local raw = redis.call('HGET', KEYS[3], ARGV[4])
  local old = raw and cmsgpack.unpack(raw)
  local seq, at = old and old[2] + 1 or 1, old and math.max(old[6], now) or now
  local epoch = tonumber(redis.call('HGET', KEYS[6], 'epoch') or 0)
  drop_old_notices(KEYS[1], now)
  redis.call('XADD', KEYS[1], 'MAXLEN', NOTICES, string.format('%d-0', seq), 'e', payload, 'n', 0, 'at', at)
  local row = touch_row(KEYS[2], KEYS[3], ARGV[4], { epoch, seq, 0, 'self', at }, 0)
  local nodes = other_nodes(KEYS[4], KEYS[5], ARGV[2], now)
  publish_row(ARGV[1], nodes, ARGV[3], ARGV[4], epoch, row, { { seq, 0, at, payload } })
  return { epoch, row }
end
