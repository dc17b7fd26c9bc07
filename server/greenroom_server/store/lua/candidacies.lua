-- candidacies: the most recently changed rows of an inbox in some states, newest first, below a mark.
-- KEYS 1 inbox 2 rows
-- ARGV 1 before (exclusive mark, or +inf) 2 limit 3... states
-- Gives {mark below which to go on, or 0 at the end, thread, row, ...}; looks at SCANNED rows at most.

local SCANNED, CHUNK, COMPACT = 2000, 100, 512

-- Give a function that reads rows. A small hash is stored as a list, where every single field is searched for: it is
-- read whole.
local function row_reader(k_rows)
  if redis.call('HLEN', k_rows) > COMPACT then
    return function(threads) return redis.call('HMGET', k_rows, unpack(threads)) end
  end
  local flat, all = redis.call('HGETALL', k_rows), {}
  for i = 1, #flat, 2 do all[flat[i]] = flat[i + 1] end
  return function(threads)
    local rows = {}
    for i = 1, #threads do rows[i] = all[threads[i]] end
    return rows
  end
end

-- Say whether a packed row is in one of some states, without unpacking it: the state is its only string.
local function is_in(row, marks)
  for i = 1, #marks do
    if string.find(row, marks[i], 1, true) then return true end
  end
  return false
end

local function candidacies(KEYS, ARGV)
  local limit, marks, out, scanned = tonumber(ARGV[2]), {}, { 0 }, 0
  for i = 3, #ARGV do marks[i - 2] = string.char(160 + #ARGV[i]) .. ARGV[i] end
  local read = row_reader(KEYS[2])
  local before = ARGV[1] == '+inf' and '+inf' or '(' .. ARGV[1]
  while true do
    local found = redis.call('ZREVRANGEBYSCORE', KEYS[1], before, '-inf', 'WITHSCORES', 'LIMIT', 0, CHUNK)
    local threads = {}
    for i = 1, #found, 2 do threads[#threads + 1] = found[i] end
    local rows = #threads > 0 and read(threads) or {}
    for i = 1, #threads do
      if is_in(rows[i], marks) then
        if #out > 2 * limit then return out end
        out[#out + 1] = threads[i]
        out[#out + 1] = rows[i]
      end
      out[1] = tonumber(found[2 * i])
    end
    scanned = scanned + #threads
    if #threads < CHUNK then out[1] = 0 end
    if #threads < CHUNK or scanned >= SCANNED then return out end
    before = '(' .. found[#found]
  end
end

register('candidacies', candidacies, { 'no-writes' })
