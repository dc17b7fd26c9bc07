-- Shared: what only some commits change besides the log: amendments, timers, the pair, pointers for consumers, audit.
--
-- `rare` (nil on an ordinary message) may hold: set = {field, value, ...} and clear = {field, ...} of the head,
-- amend = {target, is_erasure}, timers = {{at, member}, ...}, drop_timers = {member, ...}, index = job and unindex = job
-- for the pair's index, pair = packed flags of the relationship, change = kinds of the events for `changes`,
-- audit = packed entry without text.

local AUDIT_ENTRIES = 20000

-- The amendments of a message are the seqs of its edits, "45,67", or "e90" once event 90 erased it; erasing deletes
-- the entry and the texts of all its edits from the stream.
local function amend(k, target, is_erasure, seq)
  local before = redis.call('HGET', k.amends, target)
  if is_erasure then
    redis.call('XDEL', k.stream, target .. '-0')
    for edit in string.gmatch(before or '', '%d+') do redis.call('XDEL', k.stream, edit .. '-0') end
    redis.call('HSET', k.amends, target, 'e' .. seq)
  else
    redis.call('HSET', k.amends, target, before and (before .. ',' .. seq) or seq)
  end
end

local function note_audit(k_audit, entry)
  redis.call('XADD', k_audit, 'MAXLEN', '~', AUDIT_ENTRIES, '*', 'a', entry)
end

local function rarely(k, a, rare, seq, last_seq)
  if rare.clear and #rare.clear > 0 then redis.call('HDEL', k.head, unpack(rare.clear)) end
  if rare.amend then amend(k, string.format('%d', rare.amend[1]), rare.amend[2], string.format('%d', seq)) end
  for _, timer in ipairs(rare.timers or {}) do redis.call('ZADD', k.timers, timer[1], timer[2]) end
  for _, member in ipairs(rare.drop_timers or {}) do redis.call('ZREM', k.timers, member) end
  if rare.unindex then redis.call('HDEL', k.pairing, 'job:' .. rare.unindex) end
  if rare.index then redis.call('HSET', k.pairing, 'job:' .. rare.index, a.thread) end
  if rare.pair then
    redis.call('HSET', k.pair, a.freelancer, rare.pair)
    redis.call('HINCRBY', k.pair, a.freelancer .. '#rev', 1)
  end
  if rare.change then
    redis.call('XADD', k.changes, '*', 't', a.thread, 's', seq, 'e', last_seq, 'k', rare.change)
  end
  if rare.audit then note_audit(k.audit, rare.audit) end
end
