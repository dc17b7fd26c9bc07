-- Shared: the places of team members in a thread's head.
--
-- rare.seat = {user, role, from_seq, until_seq, rest}: where a member is from this commit on. A negative from_seq stands
-- for the seq before this commit, a negative until_seq for its own; `rest` is what is stored behind the numbers.

-- Write a place; who comes in has nothing unread, in both kinds of history.
local function take_seat(k, seat, seq, n)
  local from = seat[3] < 0 and seq - 1 or seat[3]
  local last = seat[4] < 0 and seq or seat[4]
  redis.call('HSET', k.head, 'user:' .. seat[1], string.format('%s %d %d %s', seat[2], from, last, seat[5]))
  if last == 0 then redis.call('HSET', k.head, 'read:' .. seat[1], n, 'delivered:' .. seat[1], n) end
end

-- Give how far a user has read with this commit: its author by what they wrote, who comes in all there is.
local function read_with(a, user, read, n)
  if user == a.actor then return read end
  local seat = a.rare and a.rare.seat
  return seat and seat[1] == user and seat[4] == 0 and n or 0
end
