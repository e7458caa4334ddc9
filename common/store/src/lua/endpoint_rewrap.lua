-- endpoint_rewrap: puts secrets that were sealed anew in the place of those that they were made of.
--
-- ARGV: endpoint id, account, sealed secret, the same sealed anew; as many pairs as there are.
-- Returns how many are in place now; 0 when the account has no such endpoint.
-- Guarantees: only what is still there is replaced, so that a rotation in between is never undone; repeating it changes
-- nothing. The endpoint's version stays: the secrets are the same.
local key = P .. 'endpoint:' .. ARGV[1]
local v = call('HMGET', key, 'account', 'secret', 'previousSecret')
local replaced = 0
if v[1] == ARGV[2] then
  for place = 3, #ARGV - 1, 2 do
    local old, new = ARGV[place], ARGV[place + 1]
    if v[2] == old then
      call('HSET', key, 'secret', new)
    elseif v[3] == old then
      call('HSET', key, 'previousSecret', new)
    end
    if v[2] == old or v[3] == old or v[2] == new or v[3] == new then
      replaced = replaced + 1
    end
  end
end
return replaced
