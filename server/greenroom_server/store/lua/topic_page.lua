-- topic_page: give the topics that are in all of some lists, from the greatest score down; a topic has the same score in
-- all of them, so the shortest list is walked and the others are asked.
-- KEYS sorted sets
-- ARGV 1 score ('' from the top) 2 last 16 digits of the topic before, at that score 3 limit 4 how many to look at
-- Gives {'1' when the end was reached, score, topic of the last one looked at, topic, score, ...}.

local CHUNK = 100

local function shortest_of(KEYS)
  local shortest, least = KEYS[1], math.huge
  for i = 1, #KEYS > 1 and #KEYS or 0 do
    local count = redis.call('ZCARD', KEYS[i])
    if count < least then shortest, least = KEYS[i], count end
  end
  return shortest
end

local function is_in_all(KEYS, topic, walked)
  for i = 1, #KEYS do
    if KEYS[i] ~= walked and not redis.call('ZSCORE', KEYS[i], topic) then return false end
  end
  return true
end

local function topic_page(KEYS, ARGV)
  local top, limit, budget = ARGV[1] == '' and '+inf' or ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4])
  local out, offset, walked = { '0', '', '' }, 0, shortest_of(KEYS)
  local chunk_size = #KEYS == 1 and limit + 1 or CHUNK -- of one list all are hits, but the one that was seen
  while offset < budget do
    local chunk = redis.call('ZREVRANGEBYSCORE', walked, top, '-inf', 'WITHSCORES', 'LIMIT', offset, chunk_size)
    for i = 1, #chunk, 2 do
      local topic, score = chunk[i], chunk[i + 1]
      local is_seen = ARGV[1] ~= '' and tonumber(score) == tonumber(ARGV[1]) and string.sub(topic, -16) >= ARGV[2]
      if not is_seen then
        out[2], out[3] = score, topic
        if is_in_all(KEYS, topic, walked) then
          out[#out + 1] = topic
          out[#out + 1] = score
          if #out >= 3 + 2 * limit then return out end
        end
      end
    end
    if #chunk < 2 * chunk_size then
      out[1] = '1'
      return out
    end
    offset = offset + chunk_size
  end
  return out
end

register('topic_page', topic_page, { 'no-writes' })
