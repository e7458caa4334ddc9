-- endpoint_remove: removes an endpoint with its queue, its log and its replays.
--
-- ARGV[OPERATION] is a fresh id of this removal. ARGV[CONDITION]: the tags of which it must have one, or `*`.
-- Returns {'removed'}, {'mismatch'} when it has none of the tags, or {} when the account has no such endpoint.
-- Guarantees: one step, whatever waits; upkeep works through what was set aside. Deliveries in flight finish into nothing.
-- The same operation again answers the same.
local id, account, operation = ARGV[ENDPOINT], ARGV[ACCOUNT], ARGV[OPERATION]
local done = P .. 'removed:' .. operation
local removed = owned_endpoint(id, account, 'replay')
if not removed then
  return call('EXISTS', done) == 1 and { 'removed' } or {}
elseif not has_tag(id, ARGV[CONDITION]) then
  return { 'mismatch' }
end
call('SET', done, id, 'PX', 60000)
remove_endpoint(id, account, operation, removed.replay)
return { 'removed' }
