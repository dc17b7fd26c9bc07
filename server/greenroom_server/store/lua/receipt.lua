-- receipt: move a participant's read and delivered marks in the thread's head; they only grow.
-- KEYS 1 head
-- ARGV 1 user 2 read n 3 delivered n
-- Gives {read, delivered} when one of them moved, else false.

local function receipt(KEYS, ARGV)
  local user = ARGV[1]
  local h = redis.call('HMGET', KEYS[1], 'tail', 'read:' .. user, 'delivered:' .. user, 'user:' .. user)
  if not h[1] or not h[4] then return false end
  local n, was_read, was_delivered = read_tail(h[1]).n, tonumber(h[2] or 0), tonumber(h[3] or 0)
  local read = math.max(was_read, math.min(n, tonumber(ARGV[2])))
  local delivered = math.max(was_delivered, read, math.min(n, tonumber(ARGV[3])))
  if read == was_read and delivered == was_delivered then return false end
  redis.call('HSET', KEYS[1], 'read:' .. user, read, 'delivered:' .. user, delivered)
  return { read, delivered }
end

register('receipt', receipt)
