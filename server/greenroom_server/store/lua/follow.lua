-- follow: hold one partition's changes for one follower: say how far it got, read on, forget what nobody needs.
-- KEYS 1 changes 2 followers 3 lock
-- ARGV 1 follower 2 node 3 lease ms 4 position reached ('' when the lock is not held yet) 5 read on after this id
--      ('' after the position) 6 limit 7 '1': keep the lock, entries are still in hand 8 most entries
--      9 forget followers that nobody enrolled for so long, ms
-- Gives {'busy'} when another node holds it, {'lost'} when the lease lapsed, or {'ok', position, entries that were
-- dropped although some follower has not had them, {entry, ...}}. Without entries the lock is given back.

local function is_before(a, b)
  local a_ms, a_n = string.match(a, '(%d+)-(%d+)')
  local b_ms, b_n = string.match(b, '(%d+)-(%d+)')
  if a_ms == b_ms then return tonumber(a_n) < tonumber(b_n) end
  return tonumber(a_ms) < tonumber(b_ms)
end

local function trim_changes(k_changes, k_followers, most, oldest_seen)
  local all, slowest = redis.call('HGETALL', k_followers), nil
  local seen = {}
  for i = 1, #all, 2 do seen[all[i]] = all[i + 1] end
  for name, position in pairs(seen) do
    if string.sub(name, -5) ~= '#seen' then
      if tonumber(seen[name .. '#seen'] or 0) < oldest_seen then
        redis.call('HDEL', k_followers, name, name .. '#seen')
      elseif not slowest or is_before(position, slowest) then
        slowest = position
      end
    end
  end
  if slowest then
    local ms, n = string.match(slowest, '(%d+)-(%d+)')
    redis.call('XTRIM', k_changes, 'MINID', '=', string.format('%s-%d', ms, tonumber(n) + 1))
  end
  local over = redis.call('XLEN', k_changes) - most
  return over > 0 and redis.call('XTRIM', k_changes, 'MAXLEN', '=', most) or 0
end

local function follow(KEYS, ARGV)
  local name, now = ARGV[1], store_ms()
  local holder = redis.call('GET', KEYS[3])
  if holder and holder ~= ARGV[2] then return { 'busy' } end
  if not holder and ARGV[4] ~= '' then return { 'lost' } end
  local position = redis.call('HGET', KEYS[2], name) or '0-0'
  if ARGV[4] ~= '' and is_before(position, ARGV[4]) then position = ARGV[4] end
  redis.call('HSET', KEYS[2], name, position, name .. '#seen', now)
  local dropped = trim_changes(KEYS[1], KEYS[2], tonumber(ARGV[8]), now - tonumber(ARGV[9]))
  local limit, entries = tonumber(ARGV[6]), {}
  if limit > 0 then
    local from = ARGV[5] ~= '' and ARGV[5] or position
    entries = redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', limit)
  end
  if #entries > 0 or ARGV[7] == '1' then
    redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
  else
    redis.call('DEL', KEYS[3])
  end
  return { 'ok', position, dropped, entries }
end

register('follow', follow)
