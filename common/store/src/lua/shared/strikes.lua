-- strikes.lua: what failures in a row do to an endpoint: strikes, disabling, and their end.
--
-- A streak of DISABLE_AFTER strikes disables, once it has lasted DISABLE_MIN_SPAN: what is shorter may be one incident. An active
-- endpoint whose streak is long enough but too short in time is in `failing`, and upkeep's clock disables it (upkeep/clocks.lua).
local FAILING = P .. 'failing'
local DISABLE_AFTER, DISABLE_MIN_SPAN = math.huge, 0 -- scripts that strike set them from their arguments

-- Whether what an attempt comes to counts for its endpoint: also what was in flight when it was paused.
local function counts_attempts(e)
  return e.state == 'active' or e.state == 'paused' or e.state == 'suspended'
end

-- Switches an endpoint off.
local function disable(e, reason, last_error)
  if e.state == 'paused' then
    call('HSET', P .. 'endpoint:' .. e.id, 'pausedBefore', '1')
  end
  stop(e, 'disabled')
  call('HSET', P .. 'endpoint:' .. e.id, 'disabledReason', reason, 'disabledAt', read_clock())
  if resume.is_wanted(e) then
    resume.plan(e.id, resume.FIRST)
  end
  set_route(e.id)
  log_state(e.id, 'disabled', reason)
  count('endpointsDisabled')
  tell('endpoint.disabled', e, function()
    return ',"reason":"' .. reason .. '","consecutiveFailures":' .. e.failures .. ',"lastError":' .. cjson.encode(last_error)
  end)
end

-- A streak that lasts this long (ms), or is more than half as long as one that disables, is told the operator once.
local TOLD_AFTER = 60000
local function tell_of_streak(e, error_code)
  if e.failures * 2 <= DISABLE_AFTER and read_clock() - e.failing_since < TOLD_AFTER or not operator_events.are_wanted() then
    return
  end
  local key, since = P .. 'endpoint:' .. e.id, text_of(e.failing_since)
  if call('HGET', key, 'failingTold') ~= since then
    call('HSET', key, 'failingTold', since)
    operator_events.of('endpoint.failing', e, ',"consecutiveFailures":' .. e.failures .. ',"since":"' .. time_text(e.failing_since)
      .. '","lastError":' .. cjson.encode(error_code))
  end
end

-- The failure of an attempt counts against its endpoint, and may disable it: at once if it is gone.
local function strike(e, error_code, is_gone)
  e.failures = e.failures + 1
  if e.failing_since == 0 then
    e.failing_since = read_clock()
  end
  slow_start(e)
  if is_gone then
    disable(e, 'gone', error_code)
  elseif e.failures >= DISABLE_AFTER then
    local due = e.failing_since + DISABLE_MIN_SPAN
    if due <= read_clock() then
      disable(e, 'consecutive_failures', error_code)
    elseif e.state == 'active' then
      call('ZADD', FAILING, text_of(due), e.id) -- of one that is paused the next attempt decides
      tell_of_streak(e, error_code)
    end
  else
    tell_of_streak(e, error_code)
  end
end

-- Tells that an endpoint is well again which failures had disabled.
local function recovered(e)
  e.recovering = false
  set(e, 'recovering', '')
  tell('endpoint.recovered', e, function()
    return ''
  end)
end

-- A success ends the streak, and what the endpoint asked us to wait for. The first one after failures had disabled the endpoint is
-- told.
local function reset(e)
  if e.recovering then
    log_state(e.id, operator.aside(e.state), 'recovered')
    recovered(e)
  end
  if e.failures >= DISABLE_AFTER then
    call('ZREM', FAILING, e.id)
  end
  end_hold(e)
  e.failures, e.failing_since = 0, 0
end
