-- Shared: what a commit says about an earlier message: it quotes, reacts to or amends it.
--
-- rare.quote = seq, rare.react = {target, emoji, on}, rare.amend = {target, is_erasure}, rare.redact = target.
-- The hash `amends` holds, under the seq of a message, its amendments: the seqs of its edits and redactions, "45,r67", or
-- "e90 <n> <at> <by> <cid>" once event 90 erased it; under "r<seq>" its reactions, {{emoji, {user, ...}}, ...}.

local REACTION_KINDS = 20

local function entry_at(k, seq)
  local id = string.format('%d-0', seq)
  local entry = redis.call('XRANGE', k.stream, id, id)[1]
  return entry and entry[2]
end

local function index_of(list, wanted)
  for i = 1, #list do
    if list[i] == wanted or list[i][1] == wanted then return i end
  end
end

local function reaction_field(target)
  return string.format('r%d', target)
end

-- Say why a reaction cannot be, '' when it is so already; nil when it can.
local function unfit_reaction(k, a, target, emoji, on)
  local entry = entry_at(k, target)
  if not entry or string.find(entry[2], '{"type":"message.sent"', 1, true) ~= 1 then return 'reaction.target' end
  local raw = redis.call('HGET', k.amends, reaction_field(target))
  a.reactions = raw and cmsgpack.unpack(raw) or {}
  local kind = index_of(a.reactions, emoji)
  local is_there = kind ~= nil and index_of(a.reactions[kind][2], a.actor) ~= nil
  if is_there == on then return '' end
  if on and not kind and #a.reactions >= REACTION_KINDS then return 'reaction.too_many' end
end

local function unfit_amendment(k, target, is_edit)
  local before = redis.call('HGET', k.amends, string.format('%d', target))
  if not before then return nil end
  if string.sub(before, 1, 1) == 'e' then return 'message.erased' end
  return is_edit and string.find(before, 'r', 1, true) and 'message.redacted' or nil
end

-- Say what in the log speaks against a commit, as commit answers it; nil when nothing does.
local function unfit(k, a, rare)
  local code
  if rare.quote then
    local entry = entry_at(k, rare.quote)
    if not entry or entry[4] == '0' then code = 'message.quote_target' end
  elseif rare.react then
    code = unfit_reaction(k, a, unpack(rare.react))
  elseif rare.amend then
    code = unfit_amendment(k, rare.amend[1], not rare.amend[2])
  elseif rare.redact then
    code = unfit_amendment(k, rare.redact, false)
  end
  if code ~= '' then return code and { 'unfit', code } end
  redis.call('HINCRBY', k.head, 'repeats', 1)
  return { 'dup', '- s 0 0 0 ' }
end

local function react(k, a, target, emoji, on)
  local list = a.reactions
  local kind = index_of(list, emoji)
  if not kind then
    list[#list + 1] = { emoji, { a.actor } }
  elseif on then
    table.insert(list[kind][2], a.actor)
  else
    table.remove(list[kind][2], index_of(list[kind][2], a.actor))
    if #list[kind][2] == 0 then table.remove(list, kind) end
  end
  if #list == 0 then
    redis.call('HDEL', k.amends, reaction_field(target))
  else
    redis.call('HSET', k.amends, reaction_field(target), cmsgpack.pack(list))
  end
end

-- Erasing deletes the entry, the texts of all its edits, and its reactions.
local function erase(k, target, before, seq)
  local entry = entry_at(k, target)
  local said = entry and cjson.decode(entry[2]) or {}
  redis.call('XDEL', k.stream, target .. '-0')
  for edit in string.gmatch(before or '', '%d+') do redis.call('XDEL', k.stream, edit .. '-0') end
  redis.call('HDEL', k.amends, reaction_field(target))
  local place = entry and string.format(' %s %s %s %s', entry[4], entry[6], said.by or '', said.cid or '') or ''
  redis.call('HSET', k.amends, target, 'e' .. seq .. place)
end

-- `mark` says what the amendment is: '' an edit, 'r' a redaction, 'e' an erasure.
local function amend(k, target, mark, seq)
  local before = redis.call('HGET', k.amends, target)
  if mark == 'e' then return erase(k, target, before, seq) end
  redis.call('HSET', k.amends, target, (before and before .. ',' or '') .. mark .. seq)
end
