-- Shared: open and answer what a freelancer owes an answer to, inside the commit of the event that causes it.
-- An obligation is {kind, thread, client, t0, t1 or 0, outcome}; its id is `<thread>.<seq>` of the event that opened it.
-- The same table in words: server/docs/response-speed.md.

-- Open an obligation; gives its id.
local function open_obligation(k_hash, k_by_t0, kind, thread, client, seq, t0)
  local id = thread .. '.' .. string.format('%d', seq)
  redis.call('HSET', k_hash, id, cmsgpack.pack({ kind, thread, client, t0, 0, 'open' }))
  redis.call('ZADD', k_by_t0, t0, id)
  return id
end

-- End an obligation; gives its kind.
local function end_obligation(k_hash, id, t1, outcome)
  local raw = redis.call('HGET', k_hash, id)
  if not raw then return '' end
  local o = cmsgpack.unpack(raw)
  o[5], o[6] = t1, outcome
  redis.call('HSET', k_hash, id, cmsgpack.pack(o))
  return o[1]
end

-- An invitation while something is owed: one obligation, of kind invitation; over a private follow-up it starts anew.
local function invite_over(k_hash, k_by_t0, id, at)
  local raw = redis.call('HGET', k_hash, id)
  if not raw then return end
  local o = cmsgpack.unpack(raw)
  if o[1] == 'followup' then
    o[4] = at
    redis.call('ZADD', k_by_t0, at, id)
  end
  o[1] = 'invitation'
  redis.call('HSET', k_hash, id, cmsgpack.pack(o))
end

-- Apply what an event means for obligations. `op` is one of
--   c1, c0      a client's message; c1: it may open a private follow-up
--   i           an invitation
--   f           a freelancer's own message
--   x:<outcome> ends the open one (accepted, declined, withdrawn, expired, ...)
--   - or a      nothing (service events, automation)
-- `head` is {debt id, freelancer has written, last writer}. Gives the same three afterwards, and the kind it ended or ''.
local function settle_debt(k_hash, k_by_t0, op, head, thread, client, seq, at)
  local debt, wrote, last, ended = head[1], head[2], head[3], ''
  local first = string.sub(op, 1, 1)
  if first == 'c' then
    if debt == '' then
      if wrote == '0' then
        debt = open_obligation(k_hash, k_by_t0, 'first', thread, client, seq, at)
      elseif last == 'f' and op == 'c1' then
        debt = open_obligation(k_hash, k_by_t0, 'followup', thread, client, seq, at)
      end
    end
    last = 'c'
  elseif first == 'f' then
    if debt ~= '' then
      ended = end_obligation(k_hash, debt, at, 'answered')
      debt = ''
    end
    wrote, last = '1', 'f'
  elseif first == 'i' then
    if debt == '' then
      debt = open_obligation(k_hash, k_by_t0, 'invitation', thread, client, seq, at)
    else
      invite_over(k_hash, k_by_t0, debt, at)
    end
  elseif first == 'x' and debt ~= '' then
    ended = end_obligation(k_hash, debt, at, string.sub(op, 3))
    debt = ''
  end
  return { debt, wrote, last, ended }
end
