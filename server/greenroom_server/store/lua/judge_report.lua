-- judge_report: decide a report once. Overruled, an obligation that it settled counts as declined when it was reported;
-- an appeal that is upheld leaves its obligation out.
-- KEYS 1 reports 2 obligations 3 audit
-- ARGV 1 id 2 decision: upheld, overruled 3 audit entry 4 thread
-- Gives {'ok', report}, {'done', report} when it was decided before, {'none'}.

-- Say which obligation a decision is about, what it must be judged as before (nil: anything), what it is then and since when.
local function judgement(what)
  if what.category == 'appeal' then
    if what.decision ~= 'upheld' then return nil end
    return what.thread .. '.' .. string.format('%d', what.target), nil, 'excluded_appeal', what.decided_at
  end
  if what.obligation == '' or what.decision ~= 'overruled' then return nil end
  return what.obligation, 'excluded_reported', 'declined', what.at
end

local function judge_report(KEYS, ARGV)
  local raw = redis.call('HGET', KEYS[1], ARGV[1])
  if not raw then return { 'none' } end
  local what = cmsgpack.unpack(raw)
  if what.decision ~= '' then return { 'done', raw } end
  what.decision, what.decided_at = ARGV[2], store_ms()
  local packed = cmsgpack.pack(what)
  redis.call('HSET', KEYS[1], ARGV[1], packed)
  local id, before, judged, at = judgement(what)
  local debt = id and redis.call('HGET', KEYS[2], id)
  local o = debt and cmsgpack.unpack(debt)
  if o and (not before or o[7] == before) then
    o[7], o[8] = judged, at
    redis.call('HSET', KEYS[2], id, cmsgpack.pack(o))
  end
  note_audit(KEYS[3], ARGV[3], ARGV[4])
  return { 'ok', packed }
end

register('judge_report', judge_report)
