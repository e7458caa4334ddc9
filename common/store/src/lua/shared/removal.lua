-- removal.lua: an endpoint goes, with its queue, its log and its replays.

-- Removes an endpoint of this account, which has this replay of many under way (or none). One step, whatever waits: upkeep works through
-- what was set aside. Deliveries in flight finish into nothing.
local function remove_endpoint(id, account, operation, replay)
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
  for _, ended in ipairs(call('LRANGE', P .. 'replays:' .. id, 0, -1)) do
    call('UNLINK', P .. 'replay:' .. ended)
  end
  if replay then
    call('ZREM', fixed.replays, replay)
    call('UNLINK', P .. 'replay:' .. replay)
  end
  call('UNLINK', P .. 'endpoint:' .. id, P .. 'log:' .. id, P .. 'canceled:' .. id, P .. 'replays:' .. id)
  try('HDEL', P .. 'account:' .. account .. ':endpoints', id)
  set_filters(account, id, '')
  for _, set in ipairs({ READY, READY_SLOW, fixed.timers, PARKED, P .. 'failing' }) do
    call('ZREM', set, id)
  end
end
