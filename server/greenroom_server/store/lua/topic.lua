-- topic: append one entry to a community topic's log, with its head and the lists that name it; once per (actor, cid).
-- KEYS 1 stream 2 head 3 cids of the day 4 amends 5 nodes 6 nodes that have it open 7 epoch 8 audit, then sorted sets:
--      `lists` that follow the activity, `joins` that it enters, and all further ones it leaves
-- ARGV 1 MessagePack: a map of topic, tag, node, actor, cid, cid_ms, hash, extra, frame, view, name, lists, joins,
--        is_post; and where it applies makes = {field, value, ...} of a new head, is_new (it must not exist),
--        is_open (it must not be locked), most (posts), reply_to, target and was (its amendments as they were seen),
--        becomes (edit, erase, hide, show), tomb, set = {field, value, ...}, everywhere, deletes
--      2 payload 3 audit entry ('' none)
-- Gives {'ok', seq, n, at, epoch, accepted, locked, pinned}, {'gone'}, {'exists'}, {'locked'}, {'full'}, {'no_reply_to'},
--       {'stale'} or, as commit does, {'dup', stored}, {'conflict'}, {'window'}.

local PINNED = 100000000000000

local function topic_refusal(k, d, h)
  if not h.seq and not d.makes then return 'gone' end
  if h.seq and d.is_new then return 'exists' end
  if d.is_open and h.locked == 1 then return 'locked' end
  if d.most and h.n >= d.most then return 'full' end
  if d.target and (redis.call('HGET', k.amends, d.target) or '') ~= d.was then return 'stale' end
  if d.reply_to and d.reply_to > 0 then
    local id = string.format('%d-0', d.reply_to)
    local found = redis.call('XRANGE', k.stream, id, id)[1]
    local is_post = found and found[2][4] ~= '0'
    if not is_post and (found or d.reply_to > h.seq) then return 'no_reply_to' end
  end
end

-- Amendments of a post: '' or seqs of its edits, '45,67'; 'h' before them: hidden; 'e' and a tombstone: erased.
local function amend_post(k, d, h, seq)
  local value = d.was
  if d.becomes == 'edit' then
    value = (value == '' and '' or value .. ',') .. string.format('%d', seq)
  elseif d.becomes == 'hide' then
    value = 'h' .. value
  elseif d.becomes == 'show' then
    value = string.sub(value, 2)
  else
    redis.call('XDEL', k.stream, string.format('%d-0', d.target))
    for edit in string.gmatch(d.was, '%d+') do redis.call('XDEL', k.stream, edit .. '-0') end
    value = 'e' .. d.tomb
  end
  redis.call('HSET', k.amends, d.target, value)
  if h.accepted == d.target and (d.becomes == 'erase' or d.becomes == 'hide') then h.accepted = 0 end
end

local function list_topic(KEYS, d, h)
  for i = 9, #KEYS do
    if i < 9 + d.lists then
      redis.call('ZADD', KEYS[i], h.last_at + h.pinned * PINNED, d.topic)
    elseif i < 9 + d.lists + d.joins then
      redis.call('ZADD', KEYS[i], h.created_at, d.topic)
    else
      redis.call('ZREM', KEYS[i], d.topic)
    end
  end
end

local function publish_topic(k, d, h, epoch, now)
  local nodes = d.everywhere and redis.call('ZRANGEBYSCORE', k.nodes, now, '+inf')
    or other_nodes(k.open, k.nodes, d.node, now)
  local frame = cmsgpack.pack({ d.frame, d.topic, epoch, h.seq, h.n, h.at, h.accepted, h.locked, h.pinned,
    d.deletes and 1 or 0, d.view, d.name })
  for _, node in ipairs(nodes) do
    if node ~= d.node then redis.call('SPUBLISH', d.tag .. ':node:' .. node, frame) end
  end
end

local function topic(KEYS, ARGV)
  local now, d = store_ms(), cmsgpack.unpack(ARGV[1])
  local k = { stream = KEYS[1], head = KEYS[2], cids = KEYS[3], amends = KEYS[4], nodes = KEYS[5], open = KEYS[6] }
  if not check_window(d.cid, d.cid_ms, now) then return { 'window' } end
  local known = d.cid ~= '' and recall_cid(k.cids, k.cids, d.actor, d.cid, d.hash)
  if known then return known end
  local h = read_topic_head(k.head)
  local refusal = topic_refusal(k, d, h)
  if refusal then return { refusal } end
  if not h.seq then redis.call('HSET', k.head, 'created_at', now, unpack(d.makes)) end
  for i = 1, #(d.set or {}), 2 do h[d.set[i]] = d.set[i + 1] end
  h.seq, h.at = (h.seq or 0) + 1, math.max(now, h.at)
  h.created_at = h.created_at or now
  if d.is_post then h.n, h.last_at = h.n + 1, h.at end
  redis.call('XADD', k.stream, string.format('%d-0', h.seq), 'e', ARGV[2], 'n', d.is_post and h.n or 0, 'at', h.at,
    't', d.target or 0, 'c', h.n)
  if d.becomes then amend_post(k, d, h, h.seq) end
  write_topic_head(k.head, h)
  list_topic(KEYS, d, h)
  keep_cid(k.cids, d, h.seq, d.is_post and h.n or 0, h.at)
  local epoch = tonumber(redis.call('HGET', KEYS[7], 'epoch') or 0)
  publish_topic(k, d, h, epoch, now)
  if ARGV[3] ~= '' then note_audit(KEYS[8], ARGV[3], d.topic, h.seq) end
  if d.deletes then redis.call('DEL', k.stream, k.head, k.amends, k.open) end
  return { 'ok', h.seq, h.n, h.at, epoch, h.accepted, h.locked, h.pinned }
end

register('topic', topic)
