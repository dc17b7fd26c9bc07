-- Shared: open and answer what a freelancer owes an answer to, inside the commit of the event that causes it.
-- An obligation is {kind, thread, client, t0, t1 or 0, outcome}; its id is `<thread>.<seq>` of the event that opened it.
-- What is open in a thread stands in its head: the id, or for a private follow-up, which most messages begin and end,
-- `followup <seq> <t0>`: that one is written when it ends. The table in words: server/docs/response-speed.md.

local function save_obligation(k, id, what)
  redis.call('HSET', k.obligations, id, cmsgpack.pack(what))
  redis.call('ZADD', k.obligations_by_t0, what[4], id)
end

-- Open a public obligation; gives its id.
local function open_obligation(k, kind, a, seq, t0)
  local id = a.thread .. '.' .. string.format('%d', seq)
  save_obligation(k, id, { kind, a.thread, a.client, t0, 0, 'open' })
  return id
end

-- End the open obligation; gives its kind.
local function end_obligation(k, a, debt, t1, outcome)
  local seq, t0 = string.match(debt, '^followup (%d+) (%d+)$')
  if seq then
    save_obligation(k, a.thread .. '.' .. seq, { 'followup', a.thread, a.client, tonumber(t0), t1, outcome })
    return 'followup'
  end
  local raw = redis.call('HGET', k.obligations, debt)
  if not raw then return '' end
  local o = cmsgpack.unpack(raw)
  o[5], o[6] = t1, outcome
  redis.call('HSET', k.obligations, debt, cmsgpack.pack(o))
  return o[1]
end

-- Give when what is open began.
local function opened_at(k, debt)
  local t0 = string.match(debt, '^followup %d+ (%d+)$')
  local raw = not t0 and redis.call('HGET', k.obligations, debt)
  return tonumber(t0) or raw and cmsgpack.unpack(raw)[4] or 0
end

-- An invitation while something is owed: one obligation, of kind invitation; a private follow-up gives way to it.
local function invite_over(k, a, debt, seq, at)
  local raw = redis.call('HGET', k.obligations, debt)
  if not raw then return open_obligation(k, 'invitation', a, seq, at) end
  local o = cmsgpack.unpack(raw)
  o[1] = 'invitation'
  redis.call('HSET', k.obligations, debt, cmsgpack.pack(o))
  return debt
end

-- Apply what an event means for obligations. `a.op` is one of
--   c1, c0      a client's message; c1: it may open a private follow-up
--   i           an invitation
--   f           a freelancer's own message; one that was held counts from when it was submitted, and answers
--               nothing that was asked later
--   x:<outcome> ends the open one (accepted, declined, withdrawn, expired, ...)
--   - or a      nothing (service events, automation)
-- Changes `tail` (debt, wrote: the freelancer has written, last: the last writer); gives the kind it ended, or ''.
local function settle_debt(k, a, tail, seq, at)
  local first = string.sub(a.op, 1, 1)
  local debt, ended = tail.debt, ''
  if first == 'c' then
    if debt == '' and tail.wrote == 0 then
      tail.debt = open_obligation(k, 'first', a, seq, at)
    elseif debt == '' and tail.last == 'f' and a.op == 'c1' then
      tail.debt = string.format('followup %d %d', seq, at)
    end
    tail.last = 'c'
  elseif first == 'f' then
    local submitted = a.rare and a.rare.held and a.rare.held[4]
    if debt ~= '' and not (submitted and submitted < opened_at(k, debt)) then
      ended = end_obligation(k, a, debt, submitted or at, 'answered')
      tail.debt = ''
    end
    tail.wrote, tail.last = 1, 'f'
  elseif first == 'i' then
    if debt == '' then
      tail.debt = open_obligation(k, 'invitation', a, seq, at)
    else
      tail.debt = invite_over(k, a, debt, seq, at)
    end
  elseif first == 'x' and debt ~= '' then
    ended = end_obligation(k, a, debt, at, string.sub(a.op, 3))
    tail.debt = ''
  end
  return ended
end
