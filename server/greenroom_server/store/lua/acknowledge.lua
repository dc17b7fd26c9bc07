-- acknowledge: record once that a user has read a notice of a thread; nothing is appended, `rev` stays.
-- KEYS 1 head 2 audit
-- ARGV 1 field of the head 2 thread 3 entry for the audit stream
-- Gives when it was acknowledged first, ms; 0 when there is no such thread.

local function acknowledge(KEYS, ARGV)
  if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
  local now = string.format('%d', store_ms())
  if redis.call('HSETNX', KEYS[1], ARGV[1], now) == 1 then
    note_audit(KEYS[2], ARGV[3], ARGV[2])
  else
    redis.call('HINCRBY', KEYS[1], 'repeats', 1)
  end
  return tonumber(redis.call('HGET', KEYS[1], ARGV[1]))
end

register('acknowledge', acknowledge)
