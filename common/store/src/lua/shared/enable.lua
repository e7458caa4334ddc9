-- enable.lua: an endpoint is served again. What is parked is the caller's next step.

-- Serves an endpoint, once no operator pauses it. What its attempts came to goes on counting. One that was paused when failures disabled
-- it is paused again, unless its owner switches it on.
local function serve_again(e, reason)
  local key, fields = P .. 'endpoint:' .. e.id, { 'disabledReason', 'pausedBefore' }
  if reason ~= 'owner' and call('HEXISTS', key, 'pausedBefore') == 1 then
    e.state = 'paused'
  else
    e.state = operator.pauses(e.id) and 'suspended' or 'active'
    fields[3] = 'disabledAt'
  end
  if e.state == 'active' then
    fields[4], fields[5] = 'parkedLimit', 'inOrder'
    call('ZREM', PARKED, e.id)
  end
  call('HSET', key, 'state', e.state, 'enabledAt', read_clock())
  call('HDEL', key, unpack(fields))
  slow_start(e)
  log_state(e.id, operator.aside(e.state), reason)
end

-- Switches an endpoint on, whoever asks for it. It begins anew: what its attempts came to is forgotten, and what its receiver asked for.
local function enable(e, reason)
  if e.state == 'disabled' then
    e.recovering = true
    set(e, 'recovering', '1')
  end
  serve_again(e, reason)
  e.failures, e.failing_since, e.generation = 0, 0, text_of(e.generation + 1)
  end_hold(e)
  resume.finish(e.id)
end
