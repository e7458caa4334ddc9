-- Reports --------------------------------------------------------------------------------------------------------

-- Writes an attempt down; returns the log entry's id. Numbers that go to Redis are texts wherever they can be: Redis writes out
-- a number with 17 digits, which takes longer than many a command.
local function log(e, delivery, attempt, outcome, report)
  e.last_report, e.last_delivery, e.last_number = report, delivery, attempt
  local fields = { 'delivery', delivery, 'event', ARGV[report + EVENT], 'attempt', attempt, 'outcome', outcome, 'ms',
    ARGV[report + MS] }
  add_filled(fields, 'status', ARGV[report + STATUS])
  add_filled(fields, 'timing', ARGV[report + TIMING])
  if ARGV[report + KIND] == 'F' then
    add_filled(fields, 'error', ARGV[report + ERROR])
    add_filled(fields, 'detail', ARGV[report + DETAIL])
    add_filled(fields, 'headers', ARGV[report + HEADERS])
    add_filled(fields, 'snippet', ARGV[report + SNIPPET])
  end
  return write_log(e.id, fields)
end

-- An endpoint's last attempt, as the API reads it.
local function last_attempt(e)
  local report = e.last_report
  local succeeded = ARGV[report + KIND] == 'S'
  return table.concat({ now, e.last_delivery, e.last_number, succeeded and 1 or 0, ARGV[report + STATUS], ARGV[report + MS],
    succeeded and '' or ARGV[report + ERROR] }, ' ')
end

local function disable(e, reason, last_error)
  e.state = 'disabled'
  call('HSET', P .. 'endpoint:' .. e.id, 'state', 'disabled', 'disabledReason', reason, 'disabledAt', now)
  call('HDEL', P .. 'endpoint:' .. e.id, 'inOrder')
  call('ZREM', TIMERS, e.id)
  call('ZADD', PARKED, now, e.id)
  leave_quarantine(e.id)
  set_route(e.id)
  log_state(e.id, 'disabled', reason)
  count('endpointsDisabled')
  tell('endpoint.disabled', e, function()
    return ',"reason":"' .. reason .. '","consecutiveFailures":' .. e.failures .. ',"lastError":' .. cjson.encode(last_error)
  end)
end

-- A success ends the streak. The first one after failures had disabled the endpoint is told.
local function reset(e)
  if e.probing and call('HDEL', P .. 'endpoint:' .. e.id, 'recovering') == 1 then
    log_state(e.id, 'active', 'recovered')
    tell('endpoint.recovered', e, function()
      return ''
    end)
  end
  e.failures, e.failing_since, e.probing = 0, 0, false
end

-- A failed attempt: the strike on its endpoint, if it counts; then the delivery's next attempt, or its end.
local function fail(e, delivery, attempt, size, counts, was_suspect, report)
  local kind, reason, was_active = ARGV[report + EVENT], ARGV[report + ERROR], e.state == 'active'
  local wait = tonumber(ARGV[report + RETRY_IN]) -- nil: that was the last attempt
  local entry = log(e, delivery, attempt, wait and 'retrying' or 'exhausted', report)
  if counts then
    e.failures = e.failures + 1
    e.probing = true
    if e.failing_since == 0 then
      e.failing_since = now
    end
    if ARGV[report + GONE] == '1' then
      disable(e, 'gone', reason)
    elseif e.failures >= disable_after and now - e.failing_since >= disable_min_span then
      disable(e, 'consecutive_failures', reason)
    end
  end
  count_hourly(e.account, 'failedAttempts')
  if not wait then
    exhaust(e, delivery, attempt, size, kind, reason, entry)
  else
    local due, key = now + wait, record_of(delivery)
    call('HSET', key, 'state', 'retrying', 'endpoint', e.id, 'event', event_of(delivery), 'type', kind, 'attempts', attempt,
      'nextAttemptAt', due, 'reason', reason)
    point_to(key, entry)
    if was_suspect then
      acquit(key)
    end
    call('ZADD', P .. 'retry:' .. e.id, due, delivery)
    if e.state == 'active' then
      call('ZADD', TIMERS, 'LT', due, e.id)
    end
  end
  return was_active and e.state == 'disabled' and 2 or 1
end

local tokens, done = {}, {}
if #each_report > 0 and not is_repeat then
  local ids = {}
  for i, report in ipairs(each_report) do
    ids[i] = ARGV[report + DELIVERY]
  end
  local values = call('HMGET', TOKENS, unpack(ids))
  for i, id in ipairs(ids) do
    tokens[id] = values[i]
  end
end

local function record(report)
  local delivery, token, kind = ARGV[report + DELIVERY], ARGV[report + TOKEN], ARGV[report + KIND]
  local was_suspect = held.count > 0 and let_go(held, delivery, string.match(token, ':(%d+)|'))
  if not tokens[delivery] or tokens[delivery] ~= token then
    return 0
  end
  tokens[delivery] = nil
  done[#done + 1] = delivery
  local generation, attempt, size = string.match(token, '|(%d+)|(%d+)|(%d+)$')
  size = tonumber(size)
  local e = endpoint(endpoint_of(delivery))
  if not e then
    cancel(nil, delivery, size) -- its endpoint was removed meanwhile
    return 1
  end
  e.in_flight = math.max(0, e.in_flight - 1)
  if kind == 'R' then
    if was_suspect then
      quarantine(e, delivery, now)
    else
      call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, tonumber(attempt) - 1))
    end
    return 1
  elseif kind == 'C' then
    lost(e, delivery, tonumber(attempt) - 1, 'counts') -- the worker lives and names it
    return 1
  end
  e.slow = tonumber(ARGV[report + MS]) > 1000
  -- Results of an earlier generation, or of an endpoint that is not active, neither strike nor reset.
  local counts = e.state == 'active' and generation == e.generation
  count('attempts')
  if kind == 'F' then
    -- Nor does the failure of a replay that somebody asked for by hand strike.
    local is_manual = is_replay(delivery) and call('HEXISTS', record_of(delivery), 'manual') == 1
    return fail(e, delivery, attempt, size, counts and not is_manual, was_suspect, report)
  end
  succeed(e, delivery, attempt, size, ARGV[report + EVENT], log(e, delivery, attempt, 'succeeded', report))
  if counts then
    reset(e)
  end
  return 1
end

local results = {}
for i, report in ipairs(each_report) do
  if is_repeat then
    results[i] = tonumber(string.sub(last_results, i, i)) or 0
  else
    results[i] = record(report)
  end
end
if #done > 0 then
  call('ZREM', LEASES, unpack(done))
  call('HDEL', TOKENS, unpack(done))
end
for _, slow in ipairs(each_slow) do
  local e = endpoint(ARGV[slow])
  if e then
    e.slow = true
  end
end

