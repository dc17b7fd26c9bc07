-- Shared: the head of a community topic, and what its cids were answered.

local function read_topic_head(k_head)
  local h = redis.call('HMGET', k_head, 'seq', 'n', 'at', 'created_at', 'last_at', 'accepted', 'locked', 'pinned')
  return { seq = tonumber(h[1] or nil), n = tonumber(h[2] or 0), at = tonumber(h[3] or 0),
    created_at = tonumber(h[4] or nil), last_at = tonumber(h[5] or 0), accepted = tonumber(h[6] or 0),
    locked = tonumber(h[7] or 0), pinned = tonumber(h[8] or 0) }
end

local function write_topic_head(k_head, h)
  redis.call('HSET', k_head, 'seq', h.seq, 'n', h.n, 'at', h.at, 'last_at', h.last_at, 'accepted', h.accepted,
    'locked', h.locked, 'pinned', h.pinned)
end

-- Keep what a cid is answered, as commit does; `d` has actor, cid, cid_ms, hash, extra.
local function keep_cid(k_cids, d, seq, n, at)
  if d.cid == '' then return end
  redis.call('HSET', k_cids, d.actor .. ' ' .. d.cid, string.format('%s s %d %d %d %s', d.hash, seq, n, at, d.extra))
  redis.call('EXPIREAT', k_cids, (math.floor(d.cid_ms / 86400000) + 9) * 86400)
end
