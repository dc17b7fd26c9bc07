-- recall: give what a cid was answered before, and write, so that a replicated acknowledgement covers the answer too.
-- KEYS 1 head 2 cids of the day
-- ARGV 1 actor 2 cid 3 cid ms 4 body hash
-- Gives {'none'} or, as commit does, {'dup', stored}, {'conflict'}, {'window'}.

local function recall(KEYS, ARGV)
  if not check_window(ARGV[2], tonumber(ARGV[3]), store_ms()) then return { 'window' } end
  return recall_cid(KEYS[2], KEYS[1], ARGV[1], ARGV[2], ARGV[4]) or { 'none' }
end

register('recall', recall)
