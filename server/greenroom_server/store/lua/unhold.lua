-- unhold: end the wait of a text without delivering it, or decide an appeal; once.
-- KEYS 1-8 as for hold, 9 cids of the day
-- ARGV 1 id 2 state that it gets 3 whose it must be ('' anybody's) 4 what its cid is answered from now on ('' as before)
--      5 the moderator's note 6 kind of the change 7 its fields as JSON 8 audit entry 9 most decided ones to keep
-- Gives {'ok', record}, {'done', record} when it was decided before, {'none'}.

local function unhold(KEYS, ARGV)
  local now = store_ms()
  local h = held_keys(KEYS, 1, { timers = KEYS[6], changes = KEYS[7], audit = KEYS[8] })
  local what, raw = read_held(h, ARGV[1])
  if not what or (ARGV[3] ~= '' and what.by ~= ARGV[3]) then return { 'none' } end
  if not waits(what) then return { 'done', raw } end
  local packed = end_held(h, ARGV[1], what, ARGV[2], ARGV[5], tonumber(ARGV[9]), now)
  if ARGV[4] ~= '' then
    redis.call('HSET', KEYS[9], what.by .. ' ' .. what.cid, string.format('%s b 0 0 %d %s', what.hash, now, ARGV[4]))
  end
  tell_held(h, ARGV[6], what.thread, ARGV[7])
  note_audit(h.audit, ARGV[8], what.thread)
  return { 'ok', packed }
end

register('unhold', unhold)
