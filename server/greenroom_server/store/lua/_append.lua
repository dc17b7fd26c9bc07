-- Shared: append decided events to a thread's log and everything that must change with them in this partition.
--
-- `k` names keys: stream, head, cids, dirty, nodes, obligations, obligations_by_t0, pair,
-- and with something rare timers, amends, pairing, changes, audit; and with rare.ledger account.
-- `a` holds: tag, thread, freelancer, client, node, epoch, actor, cid, cid_ms, hash, op, seen, extra, state, rare,
-- read (the actor's read mark in the head).
-- `tail` is the head's tail, see _tail.lua; it is moved and written back.
-- `events` is a list of {numbered '0'|'1', payload}; `locals_` of {user, inbox, rows, where}; `remotes` of users.
--
-- `rare` is nil on an ordinary message, see _rare.lua.
-- Gives {'ok', first seq, first n, at, seq, n, kind of the obligation it ended, per local: row or false, per remote:
-- dirty value, with rare.ledger what became of it}.

local function owe(k_dirty, user, thread, value)
  local field = user .. '/' .. thread
  local packed = cmsgpack.pack(value)
  if redis.call('HSETNX', k_dirty, field, packed) == 0 then
    local old = cmsgpack.unpack(redis.call('HGET', k_dirty, field))
    if old[1] == value[1] then
      value[6] = math.max(old[6], value[6])
      value[7] = old[7]
    end
    packed = cmsgpack.pack(value)
    redis.call('HSET', k_dirty, field, packed)
  end
  return packed
end

local function append(k, a, tail, events, locals_, remotes, now)
  local at, first_seq, before_n = math.max(now, tail.at), tail.seq + 1, tail.n
  local first_n = events[1][1] == '1' and before_n + 1 or 0
  if not claim_cid(k, a, tail, first_seq, first_n, at) then return nil end
  local published = {}
  for i = 1, #events do
    tail.seq = tail.seq + 1
    local own = 0
    if events[i][1] == '1' then
      tail.n = tail.n + 1
      own = tail.n
    end
    redis.call('XADD', k.stream, string.format('%d-0', tail.seq), 'e', events[i][2], 'n', own, 'at', at)
    published[i] = { tail.seq, own, at, events[i][2] }
  end
  tail.at, a.at, a.first_n = at, at, first_n
  local ended = settle_debt(k, a, tail, first_seq, at)
  local read = read_by_author(a, tail, before_n, first_n)
  redis.call('HSET', k.head, 'tail', write_tail(tail), unpack(a.rare and a.rare.set or {}))
  if a.rare and a.rare.seat then take_seat(k, a.rare.seat, first_seq, tail.n) end
  local told = a.rare and rarely(k, a, a.rare, first_seq, tail.seq, now)
  local new = { a.epoch, tail.seq, tail.n, a.state, at }
  local out = { 'ok', first_seq, first_n, at, tail.seq, tail.n, ended }
  local is_alone = redis.call('ZCARD', k.nodes) <= 1 and redis.call('ZSCORE', k.nodes, a.node)
  for i = 1, #locals_ do
    local l = locals_[i]
    local row = touch_row(l[2], l[3], a.thread, new, read_with(a, l[1], read, tail.n))
    if row and not is_alone then
      publish_row(a.tag, other_nodes(l[4], k.nodes, a.node, now), l[1], a.thread, a.epoch, row, published)
    end
    out[#out + 1] = row or false
  end
  for i = 1, #remotes do
    out[#out + 1] = owe(k.dirty, remotes[i], a.thread,
      { a.epoch, tail.seq, tail.n, a.state, at, read_with(a, remotes[i], read, tail.n), now })
  end
  if a.rare and a.rare.ledger then out[#out + 1] = told end
  return out
end
