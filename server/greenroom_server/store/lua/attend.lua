-- attend: a node begins to serve a user, or serves them in another presence; fences the device's older socket.
-- KEYS 1 where 2 nodes 3 devices 4 watchers 5 epoch
-- ARGV 1 tag 2 node 3 user 4 state (active, background) 5 device ('' keeps all) 6 connection
-- Gives {epoch of the inbox, the user's presence now, their presence before}.

local function presence_of(k_where, k_nodes, now)
  local where, state = redis.call('HGETALL', k_where), 'offline'
  for i = 1, #where, 2 do
    local lease = redis.call('ZSCORE', k_nodes, where[i])
    if lease and tonumber(lease) >= now then
      if where[i + 1] == 'active' then return 'active' end
      state = where[i + 1]
    end
  end
  return state
end

local function tell_watchers(tag, k_watchers, k_nodes, me, user, state, now)
  local frame = cmsgpack.pack({ 'presence', user, state })
  for _, node in ipairs(other_nodes(k_watchers, k_nodes, me, now)) do
    redis.call('SPUBLISH', tag .. ':node:' .. node, frame)
  end
end

local function attend(KEYS, ARGV)
  local now, node, user = store_ms(), ARGV[2], ARGV[3]
  local before = presence_of(KEYS[1], KEYS[2], now)
  redis.call('HSET', KEYS[1], node, ARGV[4])
  if ARGV[5] ~= '' then
    local old = redis.call('HGET', KEYS[3], ARGV[5])
    redis.call('HSET', KEYS[3], ARGV[5], node .. ' ' .. ARGV[6])
    local old_node = old and string.match(old, '^(%S+) ')
    if old_node and old_node ~= node then
      redis.call('SPUBLISH', ARGV[1] .. ':node:' .. old_node, cmsgpack.pack({ 'replaced', user, ARGV[5], ARGV[6] }))
    end
  end
  local after = presence_of(KEYS[1], KEYS[2], now)
  if after ~= before then tell_watchers(ARGV[1], KEYS[4], KEYS[2], node, user, after, now) end
  return { redis.call('HGET', KEYS[5], 'epoch'), after, before }
end

register('attend', attend)
