-- Shared: texts that wait for a moderator, and appeals. Model: store/held.py.
--
-- A record is a MessagePack map, of which `state` (held, open; else decided), `at`, `expires_at`, `decided_at`, `note` and
-- `seq` are written here; `command` goes when it is decided. `h` names keys: held, open, of (what of its sender waits in its thread), decided, sealed, timers,
-- changes, audit. The same as rare.held = {id, the sender, their cid, submitted at, hash of what the cid stands for, extra
-- for a repeat, kind of the change, its subject, its fields as JSON, the moderator's note, most decided ones to keep}.

local function held_keys(KEYS, at, k)
  return { held = KEYS[at], open = KEYS[at + 1], of = KEYS[at + 2], decided = KEYS[at + 3], sealed = KEYS[at + 4],
    timers = k.timers, changes = k.changes, audit = k.audit }
end

local function read_held(h, id)
  local raw = redis.call('HGET', h.held, id)
  return raw and cmsgpack.unpack(raw), raw
end

local function waits(what)
  return what.state == 'held' or what.state == 'open'
end

local function tell_held(h, kind, subject, fields)
  if kind ~= '' then redis.call('XADD', h.changes, '*', 'k', kind, 'u', subject, 'd', fields) end
end

-- Give what keeps a text from being released, as commit answers it; nil when nothing does.
local function unfit_release(h, id)
  local what = read_held(h, id)
  if not what or not waits(what) then return { 'unfit', 'held.decided' } end
  if what.state == 'held' and redis.call('ZRANGE', h.of, 0, 0)[1] ~= id then return { 'unfit', 'held.earlier_first' } end
end

-- Give a record its end; what was delivered or taken back leaves no original behind. Gives it, packed.
local function end_held(h, id, what, state, note, most, now)
  what.state, what.decided_at, what.note, what.command = state, now, note, ''
  local packed = cmsgpack.pack(what)
  redis.call('HSET', h.held, id, packed)
  redis.call('ZREM', h.open, id)
  redis.call('ZREM', h.of, id)
  redis.call('ZREM', h.timers, 'held ' .. id)
  redis.call('ZADD', h.decided, now, id)
  if state == 'released' or state == 'withdrawn' then redis.call('HDEL', h.sealed, id) end
  for _, old in ipairs(redis.call('ZRANGE', h.decided, 0, -most - 1)) do
    redis.call('ZREM', h.decided, old)
    redis.call('HDEL', h.held, old)
  end
  return packed
end

-- In the commit that delivers a held text, at `seq`: its cid stands for that from now on.
local function release(k, a, held, seq, n, at, now)
  local id, user, cid, _, hash, extra, kind, subject, fields, note, most = unpack(held)
  local what = read_held(k.h, id)
  what.seq = seq
  end_held(k.h, id, what, what.state == 'open' and 'overturned' or 'released', note, most, now)
  redis.call('HSET', k.cids, user .. ' ' .. cid, string.format('%s s %d %d %d %s', hash, seq, n, at, extra))
  tell_held(k.h, kind, subject, fields)
end
