-- enable.lua: switches an endpoint on, whoever asks for it. What is parked is the caller's next step.

local function enable(e, reason)
  local key = P .. 'endpoint:' .. e.id
  log_state(e.id, 'active', reason)
  if e.state == 'disabled' then
    e.recovering = true
    set(e, 'recovering', '1')
  end
  call('HSET', key, 'state', 'active', 'enabledAt', read_clock())
  e.state, e.failures, e.failing_since, e.generation = 'active', 0, 0, text_of(e.generation + 1)
  end_hold(e)
  slow_start(e)
  call('HDEL', key, 'disabledReason', 'disabledAt', 'parkedLimit', 'inOrder')
  call('ZREM', PARKED, e.id)
  resume.finish(e.id)
end
