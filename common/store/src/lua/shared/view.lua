-- view.lua: a delivery as the API reads it.

-- What deliveries that wait depend on at their endpoint: {its state, until when it is held (ms) or ''}. `owned` has both fields.
local function standing_of(owned)
  local held_until = whole(owned.heldUntil)
  return { owned.state, held_until > look_at_clock() and text_of(held_until) or '' }
end

-- A delivery's record, and whether it is in flight: {state, attempts, next attempt (ms), reason, what it repeats, ids of its
-- log entries, event type, 1 if in flight}; absent values are ''. A second result has the ids of its log entries alone.
local function record_view(delivery)
  local view = call('HMGET', P .. 'delivery:' .. delivery, 'state', 'attempts', 'nextAttemptAt', 'reason', 'replayOf', 'log',
    'type')
  for i, value in ipairs(view) do
    view[i] = value or ''
  end
  local logged = view[6]
  view[#view + 1] = call('HEXISTS', TOKENS, delivery)
  return view, logged
end
