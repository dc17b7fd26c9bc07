-- commit: append events to a thread if it is still as it was when they were decided; exactly once per (sender, cid).
-- KEYS 1 stream 2 head 3 cids of the day 4 dirty 5 nodes 6 obligations 7 obligations by t0 8 epoch 9 pair flags,
--      then (inbox, rows, where) for each local user, then timers, amends, pairing when there is something rare
-- ARGV 1 what never changes for a thread, MessagePack: {tag, thread, freelancer, client, node, local users, remote users}
--      2 MessagePack: {epoch, rev, pair rev, actor, cid ('' for the marketplace's), cid ms, body hash, op, seen, extra,
--        state after, rare or nil, a digit for each event: 1 takes an n, cid of the sender's message before ('' any)}
--      then the payload of each event
-- Gives {'ok', first seq, first n, at, seq, n, kind of the obligation it ended or '', row or nil for each local,
--       dirty value for each remote},
--       {'dup', stored result}, {'conflict'}, {'window'}, {'gap'}, {'rev'}, {'epoch', epoch}.

local function check_cid(k_cids, k_head, actor, cid, cid_ms, hash, now)
  if cid_ms < now - 604800000 or cid_ms > now + 600000 then return { 'window' } end
  local stored = redis.call('HGET', k_cids, actor .. ' ' .. cid)
  if not stored then return nil end
  redis.call('HINCRBY', k_head, 'repeats', 1)
  if cmsgpack.unpack(stored)[1] ~= hash then return { 'conflict' } end
  return { 'dup', stored }
end

local function name_keys(KEYS, users, is_rare)
  local k = { stream = KEYS[1], head = KEYS[2], cids = KEYS[3], dirty = KEYS[4], nodes = KEYS[5],
    obligations = KEYS[6], obligations_by_t0 = KEYS[7] }
  local locals_, at = {}, 10
  for i = 1, #users do
    locals_[i] = { users[i], KEYS[at], KEYS[at + 1], KEYS[at + 2] }
    at = at + 3
  end
  if is_rare then k.timers, k.amends, k.pairing = KEYS[at], KEYS[at + 1], KEYS[at + 2] end
  return k, locals_
end

-- Append after all checks have passed; `h` is {seq, n, at, cid_day, debt, wrote, last, rev, read and wrote:<actor>}.
local function commit_checked(KEYS, ARGV, s, d, h, now)
  local a = { tag = s[1], thread = s[2], client = s[4], node = s[5], epoch = d[1], actor = d[4], cid = d[5],
    cid_ms = d[6], hash = d[7], op = d[8], seen = d[9], extra = d[10], state = d[11], rare = d[12] }
  local events = {}
  for i = 3, #ARGV do events[i - 2] = { string.sub(d[13], i - 2, i - 2), ARGV[i] } end
  local k, locals_ = name_keys(KEYS, s[6], a.rare)
  local head = { seq = tonumber(h[1]), n = tonumber(h[2]), at = tonumber(h[3]), cid_day = tonumber(h[4]),
    debt = { h[5], h[6], h[7] }, read = math.max(tonumber(h[9] or 0), tonumber(h[10] or 0)) }
  return append(k, a, head, events, locals_, s[7], now)
end

local function commit(KEYS, ARGV)
  local now = store_ms()
  local s, d = cmsgpack.unpack(ARGV[1]), cmsgpack.unpack(ARGV[2])
  if d[5] ~= '' then
    local refused = check_cid(KEYS[3], KEYS[2], d[4], d[5], d[6], d[7], now)
    if refused then return refused end
  end
  local epoch = redis.call('HGET', KEYS[8], 'epoch')
  if tonumber(epoch) ~= d[1] then return { 'epoch', epoch } end
  local h = redis.call('HMGET', KEYS[2], 'seq', 'n', 'at', 'cid_day', 'debt', 'wrote', 'last', 'rev',
    'read:' .. d[4], 'wrote:' .. d[4])
  local pair_rev = redis.call('HGET', KEYS[9], s[3] .. '#rev') or '0'
  if h[8] ~= d[2] or pair_rev ~= d[3] then return { 'rev' } end
  if d[14] ~= '' and redis.call('HEXISTS', KEYS[3], d[4] .. ' ' .. d[14]) == 0 then return { 'gap' } end
  return commit_checked(KEYS, ARGV, s, d, h, now)
end

register('commit', commit)
