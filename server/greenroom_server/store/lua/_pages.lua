-- Shared: one page of an inbox: {epoch, mark of the inbox, complete, more, thread, row, ...}.
local function inbox_page(k_rows, k_epoch, threads, limit)
  local e = redis.call('HMGET', k_epoch, 'epoch', 'rebuilding')
  local mark = tonumber(redis.call('HGET', k_rows, '#mark') or 0)
  local more = #threads > limit
  if more then threads[#threads] = nil end
  local out = { tonumber(e[1]), mark, e[2] and 0 or 1, more and 1 or 0 }
  if #threads > 0 then
    local rows = redis.call('HMGET', k_rows, unpack(threads))
    for i = 1, #threads do
      out[#out + 1] = threads[i]
      out[#out + 1] = rows[i]
    end
  end
  return out
end
