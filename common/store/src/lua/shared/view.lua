-- view.lua: what is told of a delivery. Needs core.

-- A delivery's record, and whether it is in flight: {state, attempts, next attempt (ms), reason, what it repeats, ids of its
-- log entries, event type, 1 if in flight}; absent values are ''.
local function record_view(delivery)
  local v = call('HMGET', P .. 'delivery:' .. delivery, 'state', 'attempts', 'nextAttemptAt', 'reason', 'replayOf', 'log',
    'type')
  local view = {}
  for i = 1, 7 do
    view[i] = v[i] or ''
  end
  view[8] = call('HEXISTS', TOKENS, delivery)
  return view
end
