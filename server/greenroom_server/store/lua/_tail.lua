-- Shared: the tail of a head, one field that holds what moves with every event: {seq, n, at, cid_day, debt, wrote, last,
-- own}. `debt`, `wrote` and `last` are for obligations; `own` is how far each writer is known to have read by what they
-- wrote.
local function read_tail(raw)
  local t = cmsgpack.unpack(raw)
  return { seq = t[1], n = t[2], at = t[3], cid_day = t[4], debt = t[5], wrote = t[6], last = t[7], own = t[8] }
end

local function write_tail(t)
  return cmsgpack.pack({ t.seq, t.n, t.at, t.cid_day, t.debt, t.wrote, t.last, t.own })
end

-- Give how far an author has read: up to the own n only when everything before it was on the screen, so that no
-- message that landed just before is hidden. Decided here, where events have their order, so that touches need none.
local function read_by_author(a, tail, before_n, own_n)
  if a.op == 'a' or a.actor == '' then return 0 end
  local known = math.max(a.read, tail.own[a.actor] or 0)
  local read = math.max(known, math.min(a.seen, before_n))
  if own_n > 0 and read == own_n - 1 then read = own_n end
  if read > known then tail.own[a.actor] = read end
  return read
end

-- Claim the cid; false when it was answered before.
local function claim_cid(k, a, tail, seq, n, at)
  if a.cid == '' then return true end
  local result = string.format('%s s %d %d %d %s', a.hash, seq, n, at, a.extra)
  if redis.call('HSETNX', k.cids, a.actor .. ' ' .. a.cid, result) == 0 then return false end
  local day = math.floor(a.cid_ms / 86400000)
  if day ~= tail.cid_day then
    redis.call('EXPIREAT', k.cids, (day + 9) * 86400)
    tail.cid_day = day
  end
  return true
end

local function check_window(cid, cid_ms, now)
  return cid == '' or (cid_ms >= now - 604800000 and cid_ms <= now + 600000)
end

-- Give what a cid was answered before, and write, so that a replicated acknowledgement covers the answer too.
local function recall_cid(k_cids, k_head, actor, cid, hash)
  local stored = redis.call('HGET', k_cids, actor .. ' ' .. cid)
  if not stored then return nil end
  -- A text that is held may be the one that would open its thread: then there is no head to count in.
  redis.call('HINCRBY', redis.call('EXISTS', k_head) == 1 and k_head or k_cids, 'repeats', 1)
  if string.sub(stored, 1, #hash + 1) ~= hash .. ' ' then return { 'conflict' } end
  return { 'dup', stored }
end

-- Say whether somebody has written since; `by` stands in quotes only as a field of an event.
local function wrote_since(k_stream, actor, after)
  local by = '"by":"' .. actor .. '"'
  for _, entry in ipairs(redis.call('XRANGE', k_stream, string.format('%d-0', after + 1), '+')) do
    if string.find(entry[2][2], by, 1, true) then return true end
  end
  return false
end
