-- account: enter what the marketplace's backend says into a freelancer's ledger, once for each key.
-- KEYS 1-6 as _notice.lua has them 7 purse 8 ledger 9 entries 10 profile
-- ARGV 1-4 as _notice.lua has them 5 key 6 kind 7 amount 8 period 9 its start, UTC ms 10 monthly free
-- Gives {'ok', number, entry, epoch, row, payload}, {'dup', number, entry}, {'short', balance}, {'none'} without a profile.

local function account(KEYS, ARGV)
  if redis.call('EXISTS', KEYS[10]) == 0 then return { 'none' } end
  local c = { purse = KEYS[7], ledger = KEYS[8], entries = KEYS[9] }
  local now, key, amount = store_ms(), ARGV[5], tonumber(ARGV[7])
  local number = redis.call('HGET', c.entries, key)
  local function read_entry(n)
    local id = string.format('%d-0', n)
    return redis.call('XRANGE', c.ledger, id, id)[1][2][2]
  end
  if number then return { 'dup', tonumber(number), read_entry(number) } end
  local p = read_purse(c, { ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10]) }, now)
  if not can_enter(p, amount) then return { 'short', p.free + p.kept } end
  local payload = enter(c, p, key, ARGV[6], amount, '', now)
  local told = note(KEYS, ARGV, payload, now)
  return { 'ok', p.n, read_entry(p.n), told[1], told[2], payload }
end

register('account', account)
