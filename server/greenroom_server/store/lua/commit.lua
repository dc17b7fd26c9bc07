-- commit: append events to a thread if it is still as it was when they were decided; exactly once per (sender, cid).
-- KEYS 1 stream 2 head 3 cids of the day 4 dirty 5 nodes 6 obligations 7 obligations by t0 8 epoch 9 pair flags,
--      then (inbox, rows, where) for each local user, then timers, amends, pairing, changes, audit when there is something rare,
--      then with rare.held the first five of hold,
--      then with rare.ledger the freelancer's log, inbox, rows, where, purse, ledger, entries
-- ARGV 1 what never changes for a thread, MessagePack: {tag, thread, freelancer, client, node, local users, remote users}
--      2 MessagePack: {epoch, rev, pair rev, actor, cid ('' for the marketplace's), cid ms, body hash, op, seen, extra,
--        state after, rare or nil, a digit for each event: 1 takes an n, cid of the sender's message before ('' any),
--        seq up to which the actor's own messages were known (left out: it does not matter)}
--      then the payload of each event
-- Gives {'ok', first seq, first n, at, seq, n, kind of the obligation it ended or '', row or nil for each local,
--       dirty value for each remote, with rare.ledger {epoch, row, payload} of the notice},
--       {'short', need, have, next refill}, {'unfit', code}, {'dup', stored result}, {'conflict'}, {'window'}, {'gap'}, {'rev'}, {'epoch', epoch}.

local function name_keys(KEYS, users, is_rare)
  local k = { stream = KEYS[1], head = KEYS[2], cids = KEYS[3], dirty = KEYS[4], nodes = KEYS[5],
    obligations = KEYS[6], obligations_by_t0 = KEYS[7], epoch = KEYS[8], pair = KEYS[9] }
  local locals_, at = {}, 10
  for i = 1, #users do
    locals_[i] = { users[i], KEYS[at], KEYS[at + 1], KEYS[at + 2] }
    at = at + 3
  end
  if is_rare then
    k.timers, k.amends, k.pairing, k.changes, k.audit = unpack(KEYS, at, at + 4)
    at = at + 5
    if is_rare.held then
      k.h = held_keys(KEYS, at, k)
      at = at + 5
    end
    if KEYS[at] then k.account = ledger_keys(KEYS, at) end
  end
  return k, locals_
end

-- Append after all checks have passed; gives nil when the cid was answered before.
local function commit_checked(KEYS, ARGV, s, d, tail, read, now)
  local a = { tag = s[1], thread = s[2], freelancer = s[3], client = s[4], node = s[5], epoch = d[1], actor = d[4], cid = d[5],
    cid_ms = d[6], hash = d[7], op = d[8], seen = d[9], extra = d[10], state = d[11], rare = d[12], read = read }
  local events = {}
  for i = 3, #ARGV do events[i - 2] = { string.sub(d[13], i - 2, i - 2), ARGV[i] } end
  local k, locals_ = name_keys(KEYS, s[6], a.rare)
  local no = a.rare and (a.rare.held and unfit_release(k.h, a.rare.held[1]) or unfit(k, a, a.rare))
  if no then return a.cid ~= '' and recall_cid(k.cids, k.head, a.actor, a.cid, a.hash) or no end
  return append(k, a, tail, events, locals_, s[7], now)
end

-- Give {'short', ...} when the commit is to be paid for and the freelancer cannot.
local function cannot_pay(KEYS, s, d, now)
  local ledger = d[12] and d[12].ledger
  return ledger and lacks(ledger_keys(KEYS, 15 + 3 * #s[6] + (d[12].held and 5 or 0)), ledger, now)
end

-- The first argument is the same for every commit of a thread: unpacked once, forgotten when there are too many.
local statics, static_count = {}, 0
local function static_of(raw)
  local s = statics[raw]
  if not s then
    if static_count >= 4096 then statics, static_count = {}, 0 end
    s = cmsgpack.unpack(raw)
    statics[raw], static_count = s, static_count + 1
  end
  return s
end

local function commit(KEYS, ARGV)
  local now = store_ms()
  local s, d = static_of(ARGV[1]), cmsgpack.unpack(ARGV[2])
  if not check_window(d[5], d[6], now) then return { 'window' } end
  local epoch = redis.call('HGET', KEYS[8], 'epoch')
  local h = redis.call('HMGET', KEYS[2], 'rev', 'tail', 'read:' .. d[4])
  local pair_rev = redis.call('HGET', KEYS[9], s[3] .. '#rev') or '0'
  local is_old_epoch = tonumber(epoch) ~= d[1]
  if is_old_epoch or h[1] ~= d[2] or pair_rev ~= d[3] or (d[15] and wrote_since(KEYS[1], d[4], d[15])) then
    local known = d[5] ~= '' and recall_cid(KEYS[3], KEYS[2], d[4], d[5], d[7])
    return known or (is_old_epoch and { 'epoch', epoch } or { 'rev' })
  end
  if d[14] ~= '' and redis.call('HEXISTS', KEYS[3], d[4] .. ' ' .. d[14]) == 0 then return { 'gap' } end
  local short = cannot_pay(KEYS, s, d, now)
  if short then return recall_cid(KEYS[3], KEYS[2], d[4], d[5], d[7]) or short end
  return commit_checked(KEYS, ARGV, s, d, read_tail(h[2]), tonumber(h[3] or 0), now)
    or recall_cid(KEYS[3], KEYS[2], d[4], d[5], d[7])
end

register('commit', commit)
