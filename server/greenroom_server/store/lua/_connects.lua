-- Shared: a freelancer's Connects: the purse, and the ledger of everything that changed it. Model: domain/connects.py.
--
-- `c` names keys: purse (hash: free, kept, period, n = number of the last entry, billing_day), ledger (stream of
-- {key, kind, amount, balance after, at, thread}), entries (hash: key -> number). A key enters the ledger once.
-- `period` is {id, start ms, monthly free}; empty: no refill is looked for.

local LEDGER_ENTRIES, MAX_BALANCE = 1000, 1000000

-- Read the purse as it is with the refill that is due; nothing is written. A period id only grows, and a period that
-- has not begun by this clock is none, so that the hub's clock may jump.
local function read_purse(c, period, now)
  local h = redis.call('HMGET', c.purse, 'free', 'kept', 'period', 'n')
  local p = { free = tonumber(h[1] or 0), kept = tonumber(h[2] or 0), period = h[3] or '', n = tonumber(h[4] or 0) }
  if period[1] and period[1] > p.period and period[2] <= now then
    p.filled = math.max(0, period[3] - p.free)
    p.free, p.period = p.free + p.filled, period[1]
  end
  return p
end

local function can_enter(p, amount)
  local balance = p.free + p.kept + amount
  return balance >= 0 and balance <= MAX_BALANCE
end

local function write_entry(c, p, key, kind, amount, thread, at)
  p.n = p.n + 1
  local entry = cmsgpack.pack({ key, kind, amount, p.free + p.kept, at, thread })
  redis.call('XADD', c.ledger, string.format('%d-0', p.n), 'e', entry)
  redis.call('HSET', c.entries, key, p.n)
  if p.n > LEDGER_ENTRIES then
    local oldest = redis.call('XRANGE', c.ledger, '-', '+', 'COUNT', 1)[1]
    redis.call('XDEL', c.ledger, oldest[1])
    redis.call('HDEL', c.entries, cmsgpack.unpack(oldest[2][2])[1])
  end
end

-- Write the refill that was found due.
local function fill_up(c, p, at)
  if not p.filled then return end
  if p.filled > 0 then write_entry(c, p, 'period ' .. p.period, 'grant', p.filled, '', at) end
  redis.call('HSET', c.purse, 'free', p.free, 'kept', p.kept, 'period', p.period, 'n', p.n)
end

-- Enter an amount that can be; free ones are spent first. Gives the payload of the notice.
local function enter(c, p, key, kind, amount, thread, at)
  fill_up(c, p, at)
  local spent_free = amount < 0 and math.min(p.free, -amount) or 0
  p.free, p.kept = p.free - spent_free, p.kept + amount + spent_free
  write_entry(c, p, key, kind, amount, thread, at)
  redis.call('HSET', c.purse, 'free', p.free, 'kept', p.kept, 'period', p.period, 'n', p.n)
  return cjson.encode({ type = 'connects.changed', change = kind, amount = amount, balance = p.free + p.kept,
    thread = thread })
end

-- What a commit with rare.ledger = {kind, amount, key, period, next refill, id of the own log} needs besides the thread's keys.
local function ledger_keys(KEYS, at)
  return { log = KEYS[at], inbox = KEYS[at + 1], rows = KEYS[at + 2], where = KEYS[at + 3],
    purse = KEYS[at + 4], ledger = KEYS[at + 5], entries = KEYS[at + 6] }
end

-- Before a commit: give {'short', need, have, next refill} when the purse does not hold what it costs.
local function lacks(c, ledger, now)
  if ledger[2] >= 0 then return nil end
  local p = read_purse(c, ledger[4], now)
  if can_enter(p, ledger[2]) then return nil end
  return { 'short', -ledger[2], p.free + p.kept, ledger[5] }
end

-- In a commit: enter it, and tell the freelancer; an empty key is that of the event, and what was paid stands in the
-- head, so that it can be given back. Gives {epoch, row, payload}, or false when the key is known.
local function settle_account(k, a, ledger, seq, now)
  local c, kind, amount, key = k.account, ledger[1], ledger[2], ledger[3]
  if key == '' then key = string.format('%s.%d', a.thread, seq) end
  if redis.call('HEXISTS', c.entries, key) == 1 then return false end
  local p = read_purse(c, ledger[4], now)
  if not can_enter(p, amount) then return false end
  if kind == 'proposal' then redis.call('HSET', k.head, 'proposal', string.format('%d %d', seq, -amount)) end
  local payload = enter(c, p, key, kind, amount, a.thread, now)
  local names = { c.log, c.inbox, c.rows, c.where, k.nodes, k.epoch }
  local told = note(names, { a.tag, a.node, a.freelancer, ledger[6] }, payload, now)
  told[3] = payload
  return told
end
