-- endpoint_remove: removes an endpoint with its queue, its log and its replays.
--
-- ARGV[OPERATION] is a fresh id of this removal. ARGV[CONDITION]: the tags of which it must have one, or `*`.
-- Returns {'removed'}, {'mismatch'} when it has none of the tags, or {} when the account has no such endpoint.
-- Guarantees: one step, whatever waits; upkeep works through what was set aside. Deliveries in flight finish into nothing.
-- The same operation again answers the same.
local id, account, operation = ARGV[ENDPOINT], ARGV[ACCOUNT], ARGV[OPERATION]
local key, done = P .. 'endpoint:' .. id, P .. 'removed:' .. operation
local removed = owned_endpoint(id, account, 'replay')
if not removed then
  return call('EXISTS', done) == 1 and { 'removed' } or {}
elseif not has_tag(id, ARGV[CONDITION]) then
  return { 'mismatch' }
end
call('SET', done, id, 'PX', 60000)
leave_quarantine(id)
for _, released in ipairs(releases.of(id)) do
  local by, queue = string.match(released, 'sweep:([^:]+):(%l+)$')
  call('RPUSH', SWEEPS, 'cancel ' .. id .. ' ' .. released .. ' ' .. (queue == 'pending' and 'list' or 'zset'))
  call('ZREM', P .. 'chores', 'release ' .. id .. ' ' .. by)
end
call('ZREM', P .. 'chores', 'forward ' .. id, 'resume ' .. id)
set_aside(id, operation, 'pending', 'list', 'cancel')
set_aside(id, operation, 'retry', 'zset', 'cancel')
set_aside(id, operation, 'failed', 'zset', 'forget')
set_aside(id, operation, 'blocks:log', 'zset', 'drop')
call('ZREM', P .. 'history:log', id)
call('ZREM', P .. 'packing', 'log:' .. id)
call('ZREM', P .. 'account:' .. account .. ':history', 'log:' .. id)
for _, replay in ipairs(call('LRANGE', P .. 'replays:' .. id, 0, -1)) do
  call('UNLINK', P .. 'replay:' .. replay)
end
if removed.replay then
  call('ZREM', REPLAYS, removed.replay)
  call('UNLINK', P .. 'replay:' .. removed.replay)
end
call('UNLINK', key, P .. 'log:' .. id, P .. 'canceled:' .. id, P .. 'replays:' .. id)
try('HDEL', P .. 'account:' .. account .. ':endpoints', id)
set_filters(account, id, '')
for _, set in ipairs({ READY, READY_SLOW, TIMERS, PARKED, P .. 'failing' }) do
  call('ZREM', set, id)
end
return { 'removed' }
