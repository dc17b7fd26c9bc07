-- topic_read: a stretch of a topic's log, its posts as they stand now; one consistent look.
-- KEYS 1 stream 2 head 3 amends 4 epoch
-- ARGV 1 after ('' reads back) 2 before ('' from the end) 3 limit: positions of the log
-- Gives false without such a topic, else {epoch, after, to, head as {field, value, ...}, items of the stretch, items at
-- or below `after` that it changed}. An item is {seq, at, n, payload, amendments, payload of the last edit, its time};
-- without payload it was erased, and the amendments hold its tombstone.

-- An entry's fields are always written in this order: e payload, n, at, t target, c count; see topic.lua.
local E, N, AT, T = 2, 4, 6, 8

local function entry_of(k_stream, seq)
  local found = redis.call('XRANGE', k_stream, seq .. '-0', seq .. '-0')[1]
  return found and found[2]
end

local function item_of(k_stream, seq, f, amends)
  if not f then return { seq, 0, 0, '', amends, '', 0 } end
  local item = { seq, tonumber(f[AT]), tonumber(f[N]), f[E], amends, '', 0 }
  local edit = amends ~= '' and string.match(amends, '(%d+)$')
  edit = edit and entry_of(k_stream, edit)
  if edit then item[6], item[7] = edit[E], tonumber(edit[AT]) end
  return item
end

-- Give the items of the log above `after` up to `to`, and the targets of what stands there, each once.
local function stretch(k_stream, k_amends, after, to)
  local seqs, items, targets, at = {}, {}, {}, 1
  local entries = redis.call('XRANGE', k_stream, (after + 1) .. '-0', to .. '-0')
  for seq = after + 1, to do seqs[#seqs + 1] = string.format('%d', seq) end
  local amends = redis.call('HMGET', k_amends, unpack(seqs))
  for i = 1, #seqs do
    local entry, amended, f = entries[at], amends[i] or '', nil
    if entry and entry[1] == seqs[i] .. '-0' then f, at = entry[2], at + 1 end
    if f and f[T] ~= '0' then
      targets[f[T]] = true
    elseif f and f[N] ~= '0' or not f and amended ~= '' then
      items[#items + 1] = item_of(k_stream, after + i, f, amended)
    end
  end
  return items, targets
end

local function topic_read(KEYS, ARGV)
  local last = tonumber(redis.call('HGET', KEYS[2], 'seq') or nil)
  if not last then return false end
  local limit, after, to = tonumber(ARGV[3]), tonumber(ARGV[1]), nil
  if after then
    after = math.min(after, last)
    to = math.min(after + limit, last)
  else
    to = math.min(last, (tonumber(ARGV[2]) or last + 1) - 1)
    after = math.max(0, to - limit)
  end
  local items, targets, changed = {}, {}, {}
  if to > after then items, targets = stretch(KEYS[1], KEYS[3], after, to) end
  for target in pairs(ARGV[1] ~= '' and targets or {}) do
    if tonumber(target) <= after then
      local amends = redis.call('HGET', KEYS[3], target) or ''
      changed[#changed + 1] = item_of(KEYS[1], tonumber(target), entry_of(KEYS[1], target), amends)
    end
  end
  local epoch = tonumber(redis.call('HGET', KEYS[4], 'epoch') or 0)
  return { epoch, after, to, redis.call('HGETALL', KEYS[2]), items, changed }
end

register('topic_read', topic_read, { 'no-writes' })
