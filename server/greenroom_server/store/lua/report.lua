-- report: keep a report of a thread; a freelancer's report of spam settles the open obligation that is young enough.
-- KEYS 1 head 2 cids of the day 3 reports by time 4 reports 5 obligations 6 obligations by t0 7 audit
-- ARGV 1 actor 2 cid 3 cid ms 4 body hash 5 thread 6 prefix of the report's id 7 report as MessagePack 8 most reports
--      9 an obligation this young is settled, ms; 0: none is 10 audit entry
-- Gives {'ok', id, at, kind of the obligation it settled or ''} or, as commit does, {'dup', stored}, {'conflict'}, {'window'}.

-- Read what is open in a thread; a private follow-up is written only when it ends.
local function open_debt(k_obligations, thread, client, debt)
  local seq, t0 = string.match(debt, '^followup (%d+) (%d+)$')
  if seq then return thread .. '.' .. seq, { 'followup', thread, client, tonumber(t0), 0, 'open' } end
  local raw = debt ~= '' and redis.call('HGET', k_obligations, debt)
  return debt, raw and cmsgpack.unpack(raw)
end

-- Judge the open obligation as reported, see judge.lua; gives its id and kind.
local function settle_reported(k_head, k, thread, now, young_ms)
  local head = redis.call('HMGET', k_head, 'tail', 'client')
  local tail = read_tail(head[1])
  local id, o = open_debt(k.obligations, thread, head[2], tail.debt)
  if not o or o[6] ~= 'open' or now - o[4] > young_ms then return '', '' end
  o[7], o[8] = 'excluded_reported', now
  save_obligation(k, id, o)
  tail.debt = ''
  redis.call('HSET', k_head, 'tail', write_tail(tail))
  return id, o[1]
end

local function forget_oldest(k_by_time, k_reports, most)
  local count = redis.call('ZCARD', k_by_time)
  if count <= most then return end
  for _, old in ipairs(redis.call('ZRANGE', k_by_time, 0, count - most - 1)) do
    redis.call('ZREM', k_by_time, old)
    redis.call('HDEL', k_reports, old)
  end
end

local function report(KEYS, ARGV)
  local now, cid_ms = store_ms(), tonumber(ARGV[3])
  if not check_window(ARGV[2], cid_ms, now) then return { 'window' } end
  local known = recall_cid(KEYS[2], KEYS[1], ARGV[1], ARGV[2], ARGV[4])
  if known then return known end
  local k = { obligations = KEYS[5], obligations_by_t0 = KEYS[6] }
  local settled, kind, young_ms = '', '', tonumber(ARGV[9])
  if young_ms > 0 then settled, kind = settle_reported(KEYS[1], k, ARGV[5], now, young_ms) end
  local id = ARGV[6] .. string.format('%d', redis.call('HINCRBY', KEYS[4], '#', 1))
  local what = cmsgpack.unpack(ARGV[7])
  what.at, what.obligation = now, settled
  redis.call('HSET', KEYS[4], id, cmsgpack.pack(what))
  redis.call('ZADD', KEYS[3], now, id)
  forget_oldest(KEYS[3], KEYS[4], tonumber(ARGV[8]))
  redis.call('HSET', KEYS[2], ARGV[1] .. ' ' .. ARGV[2], string.format('%s s 0 0 %d %s', ARGV[4], now, id))
  redis.call('EXPIREAT', KEYS[2], (math.floor(cid_ms / 86400000) + 9) * 86400)
  note_audit(KEYS[7], ARGV[10], ARGV[5])
  return { 'ok', id, now, kind }
end

register('report', report)
