-- find: the freelancers of one term of the directory's index, in the order of their ids.
-- KEYS 1 bucket: members `<text><unit separator><freelancer>`, all with score 0
-- ARGV 1 text 2 '1': every text that begins so 3 only ids after this one ('' all) 4 limit
-- Gives members, at most one for a freelancer; fewer than the limit are all there are.
-- A prefix stands for its first 60 texts, so that one call looks at 60 times the limit at most.

local TEXTS, SEPARATOR = 60, '\31'

local function find(KEYS, ARGV)
  local text, after, limit = ARGV[1], ARGV[3], tonumber(ARGV[4])
  local member_of, ids = {}, {}
  local function take(exact)
    local found = redis.call('ZRANGEBYLEX', KEYS[1], '(' .. exact .. SEPARATOR .. after, '(' .. exact .. ' ',
      'LIMIT', 0, limit)
    for i = 1, #found do
      local id = string.sub(found[i], #exact + 2)
      if not member_of[id] then ids[#ids + 1] = id end
      member_of[id] = found[i]
    end
  end
  if ARGV[2] ~= '1' then
    take(text)
  else
    local from = '[' .. text
    for _ = 1, TEXTS do
      local next_ = redis.call('ZRANGEBYLEX', KEYS[1], from, '+', 'LIMIT', 0, 1)[1]
      if not next_ or string.sub(next_, 1, #text) ~= text then break end
      local exact = string.match(next_, '^(.-)' .. SEPARATOR)
      take(exact)
      from = '[' .. exact .. ' '
    end
  end
  table.sort(ids)
  local out = {}
  for i = 1, math.min(#ids, limit) do out[i] = member_of[ids[i]] end
  return out
end

register('find', find, { 'no-writes' })
