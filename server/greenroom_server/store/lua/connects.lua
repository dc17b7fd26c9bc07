-- connects: a page of a freelancer's ledger, newest first, after the refill that is due.
-- KEYS 1 purse 2 ledger 3 entries 4 profile
-- ARGV 1 period 2 its start, UTC ms 3 monthly free 4 before (exclusive entry, or +inf) 5 limit
-- Gives {balance, number, entry, ...}; false for one without a profile.

local function connects(KEYS, ARGV)
  if redis.call('EXISTS', KEYS[4]) == 0 then return false end
  local c = { purse = KEYS[1], ledger = KEYS[2], entries = KEYS[3] }
  local now = store_ms()
  local p = read_purse(c, { ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]) }, now)
  fill_up(c, p, now)
  local out, last = { p.free + p.kept }, ARGV[4] == '+inf' and '+' or string.format('(%s-0', ARGV[4])
  for _, entry in ipairs(redis.call('XREVRANGE', c.ledger, last, '-', 'COUNT', ARGV[5])) do
    out[#out + 1] = entry[1]
    out[#out + 1] = entry[2][2]
  end
  return out
end

register('connects', connects)
