-- open: create a thread with its first events, unless the pair already has one for the job.
-- KEYS and ARGV as for commit, always with the rare keys; ARGV 2 goes on with {15 head fields {field, value, ...}, 16 job,
--      17 whether the pair's thread without a job is to be taken for one with}.
-- Gives what commit gives, or {'exists', thread}, or {'adopt', thread} when the pair's thread without a job can take it.

local function open(KEYS, ARGV)
  local now = store_ms()
  local s, d = cmsgpack.unpack(ARGV[1]), cmsgpack.unpack(ARGV[2])
  local epoch = redis.call('HGET', KEYS[8], 'epoch')
  if tonumber(epoch) ~= d[1] then return { 'epoch', epoch } end
  if not check_window(d[5], d[6], now) then return { 'window' } end
  if (redis.call('HGET', KEYS[9], s[3] .. '#rev') or '0') ~= d[3] then return { 'rev' } end
  local k_pairing, job = KEYS[12 + 3 * #s[6]], d[16]
  local thread = redis.call('HGET', k_pairing, 'job:' .. job)
  if thread then return { 'exists', thread } end
  thread = job ~= '' and d[17] and redis.call('HGET', k_pairing, 'job:')
  if thread then return { 'adopt', thread } end
  local short = cannot_pay(KEYS, s, d, now)
  if short then return short end
  if d[12].held then
    local k = name_keys(KEYS, s[6], d[12])
    local no = unfit_release(k.h, d[12].held[1])
    if no then return no end
  end
  redis.call('HSET', k_pairing, 'job:' .. job, s[2])
  redis.call('HSET', KEYS[2], 'rev', 1, unpack(d[15]))
  local tail = { seq = 0, n = 0, at = 0, cid_day = 0, debt = '', wrote = 0, last = '', own = {} }
  return commit_checked(KEYS, ARGV, s, d, tail, 0, now)
end

register('open', open)
