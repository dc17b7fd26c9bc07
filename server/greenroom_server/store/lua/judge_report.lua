-- judge_report: decide a report once; overruled, an obligation that it settled counts as declined when it was reported.
-- KEYS 1 reports 2 obligations 3 audit
-- ARGV 1 id 2 decision: upheld, overruled 3 audit entry 4 thread
-- Gives {'ok', report}, {'done', report} when it was decided before, {'none'}.

local function judge_report(KEYS, ARGV)
  local raw = redis.call('HGET', KEYS[1], ARGV[1])
  if not raw then return { 'none' } end
  local what = cmsgpack.unpack(raw)
  if what.decision ~= '' then return { 'done', raw } end
  what.decision, what.decided_at = ARGV[2], store_ms()
  local packed = cmsgpack.pack(what)
  redis.call('HSET', KEYS[1], ARGV[1], packed)
  local debt = what.obligation ~= '' and ARGV[2] == 'overruled' and redis.call('HGET', KEYS[2], what.obligation)
  local o = debt and cmsgpack.unpack(debt)
  if o and o[7] == 'excluded_reported' then
    o[7], o[8] = 'declined', what.at
    redis.call('HSET', KEYS[2], what.obligation, cmsgpack.pack(o))
  end
  note_audit(KEYS[3], ARGV[3], ARGV[4])
  return { 'ok', packed }
end

register('judge_report', judge_report)
