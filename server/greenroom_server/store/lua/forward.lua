-- forward: publish an ephemeral frame (typing, receipt) to the other nodes that serve a user; nothing is stored.
-- KEYS 1 where 2 nodes
-- ARGV 1 tag 2 node 3 user 4 frame
-- Gives to how many nodes it was published.

local function forward(KEYS, ARGV)
  local nodes = other_nodes(KEYS[1], KEYS[2], ARGV[2], store_ms())
  local packed = cmsgpack.pack({ 'frame', ARGV[3], ARGV[4] })
  for i = 1, #nodes do redis.call('SPUBLISH', ARGV[1] .. ':node:' .. nodes[i], packed) end
  return #nodes
end

register('forward', forward)
