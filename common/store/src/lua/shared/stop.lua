-- stop.lua: an endpoint is no longer served, and what waits there is parked. Whoever stops it says why, and sets its route.
--
-- The state of an endpoint: `active`: its deliveries are sent. They are parked, and so are new ones, while it is `paused` by its owner,
-- `suspended` by an operator (operator.lua), or `disabled` by failures. `off`: they are parked, and it gets no new ones.

local function stop(e, state)
  e.state = state
  call('HSET', P .. 'endpoint:' .. e.id, 'state', state)
  call('HDEL', P .. 'endpoint:' .. e.id, 'inOrder')
  write_timer('ZREM', e.id)
  call('ZREM', P .. 'failing', e.id)
  call('ZADD', PARKED, read_clock(), e.id)
  leave_quarantine(e.id)
end
