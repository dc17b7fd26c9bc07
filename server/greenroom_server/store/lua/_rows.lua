-- Shared: merge one row of an inbox and publish it to the user's other live nodes.
-- A row is {epoch, seq, n, read, state, last_at, mark, muted until, archived n}, the last two only once its user set
-- them, see personal.lua. What a touch changes only grows, so a touch may be repeated, reordered or lost.

-- Give the nodes that serve a user, except `me`; forget the ones whose lease has lapsed.
local function other_nodes(k_where, k_nodes, me, now)
  local where = redis.call('HGETALL', k_where)
  local nodes = {}
  for i = 1, #where, 2 do
    local node = where[i]
    if node ~= me then
      local lease = redis.call('ZSCORE', k_nodes, node)
      if lease and tonumber(lease) >= now then
        nodes[#nodes + 1] = node
      else
        redis.call('HDEL', k_where, node)
      end
    end
  end
  return nodes
end

-- Store time in milliseconds.
local function store_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end

-- Merge `new` {epoch, seq, n, state, last_at} and the user's own read mark (0: says nothing) into the row of `thread`;
-- give {mark, from, seq, n, read, state, last_at, muted, archived}, or nil when nothing grew. Everything merges by
-- maximum; what the user set for the row stays, and what was not archived is not by a loss of history either.
local function touch_row(k_inbox, k_rows, thread, new, new_read)
  local got = redis.call('HMGET', k_rows, '#mark', thread)
  local mark = tonumber(got[1] or 0) + 1
  local epoch, seq, n, read, state, last_at, from = new[1], new[2], new[3], 0, new[4], new[5], 0
  local grew, muted, archived = not got[2], nil, nil
  if got[2] then
    local old = cmsgpack.unpack(got[2])
    muted, archived = old[8], old[9]
    if old[1] > epoch then
      redis.call('HINCRBY', k_rows, '#repeats', 1)
      return nil
    end
    if old[1] == epoch then
      from = old[2]
      grew = seq > from or n > old[3]
      if seq <= from then seq, state, last_at = from, old[5], old[6] end
      if n < old[3] then n = old[3] end
      read = old[4]
    else
      grew = true
      read = math.min(old[4], n)
      if archived then archived = archived >= old[3] and math.min(archived, n) or -1 end
    end
  end
  new_read = math.min(new_read, new[3])
  if new_read > read then
    read = new_read
    grew = true
  end
  if not grew then
    redis.call('HINCRBY', k_rows, '#repeats', 1)
    return nil
  end
  local row = { epoch, seq, n, read, state, last_at, mark, muted, archived }
  redis.call('HSET', k_rows, '#mark', mark, thread, cmsgpack.pack(row))
  redis.call('ZADD', k_inbox, mark, thread)
  return { mark, from, seq, n, read, state, last_at, muted, archived }
end

-- Publish a touched row, with its events, to the user's other nodes.
local function publish_row(tag, nodes, user, thread, epoch, row, events)
  if #nodes == 0 then return end
  local frame = cmsgpack.pack({ 'row', user, thread, epoch, row, events })
  for i = 1, #nodes do
    redis.call('SPUBLISH', tag .. ':node:' .. nodes[i], frame)
  end
end
