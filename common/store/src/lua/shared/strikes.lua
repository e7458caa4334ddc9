-- strikes.lua: what failures in a row do to an endpoint: strikes, disabling, and their end.

-- Switches an endpoint off.
local function disable(e, reason, last_error)
  e.state = 'disabled'
  call('HSET', P .. 'endpoint:' .. e.id, 'state', 'disabled', 'disabledReason', reason, 'disabledAt', read_clock())
  call('HDEL', P .. 'endpoint:' .. e.id, 'inOrder')
  call('ZREM', TIMERS, e.id)
  call('ZADD', PARKED, read_clock(), e.id)
  if resume.is_wanted(e) then
    resume.plan(e.id, resume.FIRST)
  end
  leave_quarantine(e.id)
  set_route(e.id)
  log_state(e.id, 'disabled', reason)
  count('endpointsDisabled')
  tell('endpoint.disabled', e, function()
    return ',"reason":"' .. reason .. '","consecutiveFailures":' .. e.failures .. ',"lastError":' .. cjson.encode(last_error)
  end)
end

-- The failure of an attempt counts against its endpoint.
local function strike(e)
  e.failures = e.failures + 1
  if e.failing_since == 0 then
    e.failing_since = read_clock()
  end
  slow_start(e)
end

-- Tells that an endpoint is well again which failures had disabled.
local function recovered(e)
  e.recovering = false
  set(e, 'recovering', '')
  tell('endpoint.recovered', e, function()
    return ''
  end)
end

-- A success ends the streak. The first one after failures had disabled the endpoint is told.
local function reset(e)
  if e.recovering then
    log_state(e.id, 'active', 'recovered')
    recovered(e)
  end
  e.failures, e.failing_since = 0, 0
end
