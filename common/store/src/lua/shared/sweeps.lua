-- sweeps.lua: queues that are set aside in one step, whatever their length, for upkeep to cancel.

-- Cancels all that is parked at an endpoint, also what was being released; returns how many deliveries that are. A queue that was
-- set aside gets another name, so that its old job finds nothing.
local function discard(id, operation)
  leave_quarantine(id)
  local discarded = call('LLEN', P .. 'pending:' .. id) + call('ZCARD', P .. 'retry:' .. id)
  set_aside(id, operation, 'pending', 'list', 'cancel')
  set_aside(id, operation, 'retry', 'zset', 'cancel')
  for number, key in ipairs(releases.of(id)) do
    local by, queue = string.match(key, 'sweep:([^:]+):(%l+)$')
    call('ZREM', P .. 'chores', 'release ' .. id .. ' ' .. by)
    local to = P .. 'sweep:' .. operation .. '.' .. text_of(number) .. ':' .. queue
    discarded = discarded + length_of(key)
    call('RENAME', key, to)
    call('RPUSH', SWEEPS, 'cancel ' .. id .. ' ' .. to .. ' ' .. (queue == 'pending' and 'list' or 'zset'))
  end
  releases.name(id, {})
  return discarded
end
