-- Shared: what only some commits change besides the log: amendments, timers, the pair, pointers for consumers, audit.
--
-- `rare` (nil on an ordinary message) may hold: set = {field, value, ...} and clear = {field, ...} of the head,
-- seat, see _team.lua, amend, redact, react and quote, see _targets.lua, timers = {{at, member}, ...},
-- drop_timers = {member, ...}, index = job and unindex = job for the pair's index, pair = packed flags of the relationship, change = kinds of the events for `changes`,
-- by_seq = {prefix of a head field, its value, deadline, prefix of a timer}, both named by the seq of the first event,
-- audit = entry without text, held, see _held.lua, ledger = what the freelancer's Connects are to be charged or given back, see
-- _connects.lua; the answer to that is what `rarely` gives.

local AUDIT_ENTRIES = 20000

local function note_audit(k_audit, entry, thread, seq)
  redis.call('XADD', k_audit, 'MAXLEN', '~', AUDIT_ENTRIES, '*', 't', thread or '', 's', seq or 0, 'a', entry)
end

local function rarely(k, a, rare, seq, last_seq, now)
  if rare.clear and #rare.clear > 0 then redis.call('HDEL', k.head, unpack(rare.clear)) end
  if rare.amend then
    amend(k, string.format('%d', rare.amend[1]), rare.amend[2] and 'e' or '', string.format('%d', seq))
  end
  if rare.redact then amend(k, string.format('%d', rare.redact), 'r', string.format('%d', seq)) end
  if rare.react then react(k, a, unpack(rare.react)) end
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
  if rare.by_seq then
    local field, value, at, member = unpack(rare.by_seq)
    redis.call('HSET', k.head, field .. string.format('%d', seq), value)
    redis.call('ZADD', k.timers, at, member .. string.format('%d', seq))
  end
  if rare.held then release(k, a, rare.held, seq, a.first_n, a.at, now) end
  if rare.audit then note_audit(k.audit, rare.audit, a.thread, seq) end
  return rare.ledger and settle_account(k, a, rare.ledger, seq, now)
end
