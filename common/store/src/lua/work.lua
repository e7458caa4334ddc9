-- work: records what became of leases, then hands out new ones.
--
-- ARGV: incarnation, sequence, want, want of slow endpoints, want in bytes, the most suspects to hold, lease (ms), ENDPOINT_CONCURRENCY,
--       DISABLE_AFTER, DISABLE_MIN_SPAN (ms), RETENTION_SUCCEEDED (ms), RETENTION_FAILED (ms), LOG_LENGTH, spare event id, free slots,
--       number of slow endpoints, number of reports; the slow endpoints; then the reports: each has delivery, token, kind (S
--       succeeded, F failed, R given back, C crashed); S and F go on with event type, duration (ms), and what the log keeps if
--       it isn't empty: status, timing; F goes on with wait before the retry (ms, -1: none), gone (0|1), error code, and the
--       same: detail, head of the answer, snippet.
-- Returns {result of each report (0 stale, 1 recorded, 2 disabled the endpoint)}, {{endpoint id, account, version, url,
--       sealed secret, slow, sealed previous secret or '', 1 if that makes the legacy signature}…}, {{event id, type, body}…},
--       {{delivery, token, attempt, index of endpoint, index of event}…}, ms until something is due (-1: never), 1 if there is
--       more, {those deliveries that are suspects…}.
-- Guarantees: a report counts only while its token stands, so once. The same sequence changes nothing and answers the same
-- results, and those of its leases that still stand; a lower one is refused. Retry, strike, disabling, log entry and what
-- the account is told are one step. Bounded by 64 reports, 64 leases, 64 promotions.
local incarnation, sequence, want, want_slow = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local want_bytes, most_suspects, lease_ms = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])
CAP = tonumber(ARGV[8])
local disable_after, disable_min_span = tonumber(ARGV[9]), tonumber(ARGV[10])
RETENTION_SUCCEEDED, RETENTION_FAILED, LOG_LENGTH = ARGV[11], ARGV[12], ARGV[13]
SPARE = ARGV[14]
local free_slots, slow_count, report_count = tonumber(ARGV[15]), tonumber(ARGV[16]), tonumber(ARGV[17])
local first_report = 18 + slow_count

local worker_key = P .. 'worker:' .. incarnation
local seen, last_results, last_leases, named = string.match(call('GET', worker_key) or '', '^(%d+) (%d*) ?([^|]*)|?(.*)$')
seen = tonumber(seen) or 0
local held = suspects_in(named)
local is_repeat = sequence == seen
if sequence < seen then
  return redis.error_reply('FENCED sequence ' .. sequence .. ' is older than ' .. seen)
end
local now = read_clock()

-- Reports --------------------------------------------------------------------------------------------------------

-- Writes an attempt down; returns the log entry's id. The arguments of the report start at `base`. Numbers that go to Redis
-- are texts wherever they can be: Redis writes out a number with 17 digits, which takes longer than many a command.
local LOGGED, LOGGED_FAILURE = { 'status', 'timing' }, { 'error', 'detail', 'headers', 'snippet' }
local function log(e, delivery, attempt, outcome, base)
  e.last_report, e.last_delivery, e.last_number = base, delivery, attempt
  local fields = { 'delivery', delivery, 'event', ARGV[base + 3], 'attempt', attempt, 'outcome', outcome, 'ms', ARGV[base + 4] }
  add_filled(fields, LOGGED, base + 5)
  if ARGV[base + 2] == 'F' then
    add_filled(fields, LOGGED_FAILURE, base + 9)
  end
  return write_log(e.id, fields)
end

-- An endpoint's last attempt, as the API reads it.
local function last_attempt(e)
  local base = e.last_report
  local succeeded = ARGV[base + 2] == 'S'
  return table.concat({ now, e.last_delivery, e.last_number, succeeded and 1 or 0, ARGV[base + 5], ARGV[base + 4],
    succeeded and '' or ARGV[base + 9] }, ' ')
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
local function fail(e, delivery, attempt, size, counts, was_suspect, base)
  local kind, reason, was_active = ARGV[base + 3], ARGV[base + 9], e.state == 'active'
  local wait = tonumber(ARGV[base + 7])
  local entry = log(e, delivery, attempt, wait < 0 and 'exhausted' or 'retrying', base)
  if counts then
    e.failures = e.failures + 1
    e.probing = true
    if e.failing_since == 0 then
      e.failing_since = now
    end
    if ARGV[base + 8] == '1' then
      disable(e, 'gone', reason)
    elseif e.failures >= disable_after and now - e.failing_since >= disable_min_span then
      disable(e, 'consecutive_failures', reason)
    end
  end
  count_hourly(e.account, 'failedAttempts')
  if wait < 0 then
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

local tokens, done, bases = {}, {}, {}
if report_count > 0 and not is_repeat then
  local LENGTHS, ids, base = { S = 7, F = 13, R = 3, C = 3 }, {}, first_report
  for i = 1, report_count do
    ids[i], bases[i] = ARGV[base], base
    base = base + LENGTHS[ARGV[base + 2]]
  end
  local values = call('HMGET', TOKENS, unpack(ids))
  for i, id in ipairs(ids) do
    tokens[id] = values[i]
  end
end

local function record(base)
  local delivery, token, kind = ARGV[base], ARGV[base + 1], ARGV[base + 2]
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
  e.slow = tonumber(ARGV[base + 4]) > 1000
  -- Results of an earlier generation, or of an endpoint that is not active, neither strike nor reset.
  local counts = e.state == 'active' and generation == e.generation
  count('attempts')
  if kind == 'F' then
    -- Nor does the failure of a replay that somebody asked for by hand strike.
    local is_manual = is_replay(delivery) and call('HEXISTS', record_of(delivery), 'manual') == 1
    return fail(e, delivery, attempt, size, counts and not is_manual, was_suspect, base)
  end
  succeed(e, delivery, attempt, size, ARGV[base + 3], log(e, delivery, attempt, 'succeeded', base))
  if counts then
    reset(e)
  end
  return 1
end

local results = {}
for i = 1, report_count do
  if is_repeat then
    results[i] = tonumber(string.sub(last_results, i, i)) or 0
  else
    results[i] = record(bases[i])
  end
end
if #done > 0 then
  call('ZREM', LEASES, unpack(done))
  call('HDEL', TOKENS, unpack(done))
end
for i = 1, slow_count do
  local e = endpoint(ARGV[17 + i])
  if e then
    e.slow = true
  end
end

-- Retries that are due go to the front of their endpoint's list. -----------------------------------------------------

local room = 64
for _, id in ipairs(call('ZRANGEBYSCORE', TIMERS, '-inf', now, 'LIMIT', 0, 16)) do
  local e = endpoint(id)
  local due = {}
  if e and e.state == 'active' and room > 0 then
    due = call('ZRANGEBYSCORE', P .. 'retry:' .. id, '-inf', now, 'LIMIT', 0, room)
    for i = #due, 1, -1 do
      if parse_entry(due[i]) then
        requeue('LPUSH', id, due[i])
      else
        note_corrupt(id, due[i])
      end
    end
    if #due > 0 then
      call('ZREM', P .. 'retry:' .. id, unpack(due))
      room = room - #due
    end
  end
  if room > 0 then
    local nearest = e and e.state == 'active' and call('ZRANGE', P .. 'retry:' .. id, 0, 0, 'WITHSCORES') or {}
    if nearest[1] then
      call('ZADD', TIMERS, nearest[2], id)
    else
      call('ZREM', TIMERS, id)
    end
  end
end

for _, e in ipairs(touched) do
  settle(e)
  e.was_slow = e.slow
end

-- Leases ---------------------------------------------------------------------------------------------------------

local out_endpoints, out_events, out_leases = {}, {}, {}
local endpoint_index, event_index, event_size, bytes = {}, {}, {}, 0
local expiries, new_tokens, leased = {}, {}, {}
local holder, expiry = incarnation .. ':' .. ARGV[2], text_of(now + lease_ms)

-- The event's place in the answer; nil when its payload is gone, or can't be read.
local function event_place(event)
  if not event_index[event] then
    local v = call('HMGET', P .. 'event:' .. event, 'event', 'body')
    if not v[1] or not v[2] then
      return nil
    end
    out_events[#out_events + 1] = { event, v[1], v[2] }
    event_index[event] = #out_events
    event_size[#out_events] = text_of(#v[2])
    bytes = bytes + #v[2]
  end
  return event_index[event]
end

local function endpoint_place(e)
  if not endpoint_index[e.id] then
    out_endpoints[#out_endpoints + 1] = target_of(e)
    endpoint_index[e.id] = #out_endpoints
  end
  return endpoint_index[e.id]
end

local function hand_out(e, delivery, token, attempt, place)
  leased[#leased + 1] = delivery
  out_leases[#out_leases + 1] = { delivery, token, attempt, endpoint_place(e) - 1, place - 1 }
end

-- Leases a delivery, unless its payload is gone.
local function grant(e, delivery, attempts)
  local place = event_place(event_of(delivery))
  if not place then
    exhaust(e, delivery, attempts, size_of(delivery), type_of(delivery), 'payload_missing')
    return
  end
  local attempt = attempts + 1
  local token = holder .. '|' .. e.generation .. '|' .. text_of(attempt) .. '|' .. event_size[place]
  expiries[#expiries + 1], expiries[#expiries + 2] = expiry, delivery
  new_tokens[#new_tokens + 1], new_tokens[#new_tokens + 2] = delivery, token
  e.in_flight = e.in_flight + 1
  hand_out(e, delivery, token, attempt, place)
end

-- Leases one entry of an endpoint's list. What can't be read is set aside, visibly; a suspect goes back to quarantine.
local function lease(e, text)
  local delivery, attempts, is_suspect = parse_entry(text)
  if not delivery or endpoint_of(delivery) ~= e.id then
    note_corrupt(e.id, text)
  elseif is_suspect then
    quarantine(e, delivery, now)
  else
    grant(e, delivery, attempts)
  end
end

-- How many an endpoint may have in flight now: half as many as the slots that are left to all others, so that receivers
-- that hang can't take them all before they are known to be slow. (The dynamic threshold of Choudhury and Hahne, 1998.) At
-- its limit an endpoint leaves its lane, as at its cap, until one of its attempts ends.
local function limit_of(e)
  return math.min(cap_of(e), math.max(1, free_slots / 2))
end

-- Serves the endpoint whose turn it is; false when nobody has one.
local ready_count = want > 0 and call('ZCARD', READY) + call('ZCARD', READY_SLOW) or 0
local quantum = math.max(4, math.ceil(want / math.max(1, ready_count)))
local function serve_next()
  local head, slow_head = call('ZRANGE', READY, 0, 0, 'WITHSCORES'), {}
  if want_slow > 0 then
    slow_head = call('ZRANGE', READY_SLOW, 0, 0, 'WITHSCORES')
  end
  local lane, id = READY, head[1]
  if slow_head[1] and (not id or tonumber(slow_head[2]) < tonumber(head[2])) then
    lane, id = READY_SLOW, slow_head[1]
  end
  if not id then
    return false
  end
  local e = endpoint(id)
  local free = 0
  if e and e.state == 'active' then
    -- Each one that is handed out leaves a slot less to all others.
    local fair = math.ceil((math.max(1, free_slots / 2) - e.in_flight) / 1.5)
    free = math.min(cap_of(e) - e.in_flight, fair, quantum, want)
  end
  if lane == READY_SLOW then
    free = math.min(free, want_slow)
  end
  local pending = P .. 'pending:' .. id
  local entries = free > 0 and call('LPOP', pending, free) or {}
  local before = #out_leases
  for i, text in ipairs(entries) do
    if bytes >= want_bytes and #out_leases > 0 then
      -- No room for more payloads: the rest goes back as it was.
      for rest = #entries, i, -1 do
        call('LPUSH', pending, entries[rest])
      end
      want = 0
      break
    end
    lease(e, text)
  end
  local got = #out_leases - before
  want, free_slots = math.max(0, want - got), free_slots - got
  if lane == READY_SLOW then
    want_slow = want_slow - got
  end
  if e and e.state == 'active' and e.in_flight < limit_of(e) and call('LLEN', pending) > 0 then
    call('ZADD', lane, next_turn(), id)
  else
    call('ZREM', lane, id)
  end
  return true
end

-- Suspects that are due, oldest first, as many as this worker may hold. One that is to be served singly waits, and all behind
-- it wait, until this worker holds no other. One whose endpoint is at its limit lets others pass.
local out_suspects, waits_for_others = {}, false
local function serve_suspects()
  for _, delivery in ipairs(call('ZRANGEBYSCORE', QUARANTINE, '-inf', now, 'LIMIT', 0, 32)) do
    if want <= 0 or held.count >= most_suspects or held.singly or bytes >= want_bytes and #out_leases > 0 then
      return
    end
    local e, record = endpoint(endpoint_of(delivery)), record_of(delivery)
    local v = call('HMGET', record, 'lostLeases', 'singly')
    local singly, before = v[2] == '1' or whole(v[1]) > 3, #out_leases
    local is_active = e and e.state == 'active'
    if is_active and (e.in_flight >= limit_of(e) or e.slow and want_slow <= 0) then
      call('ZADD', QUARANTINE, now + 1000, delivery)
    elseif is_active and singly and held.count > 0 then
      waits_for_others = true
      return
    else
      call('ZREM', QUARANTINE, delivery)
      if is_active then
        grant(e, delivery, attempts_in(record))
      elseif e then
        park_suspect(e.id, delivery)
      else
        cancel(nil, delivery, 0)
      end
    end
    quarantine_changed = true
    if #out_leases > before then
      hold(held, delivery, ARGV[2], singly)
      out_suspects[#out_suspects + 1] = delivery
      want, free_slots, want_slow = want - 1, free_slots - 1, e.slow and want_slow - 1 or want_slow
      settle(e)
    end
  end
end

-- The same leases again, for a worker that did not get the answer.
local function repeat_leases()
  for delivery in string.gmatch(last_leases or '', '%S+') do
    local token = call('HGET', TOKENS, delivery)
    local place = token and string.sub(token, 1, #incarnation + #ARGV[2] + 2) == incarnation .. ':' .. ARGV[2] .. '|'
      and event_place(event_of(delivery))
    local e = place and endpoint(endpoint_of(delivery))
    if e then
      hand_out(e, delivery, token, tonumber(string.match(token, '|(%d+)|%d+$')), place)
      out_suspects[#out_suspects + 1] = held.of[delivery] == ARGV[2] and delivery or nil
    else
      let_go(held, delivery, ARGV[2]) -- it never came here
    end
  end
end

local nearest_suspect = call('ZRANGE', QUARANTINE, 0, 0, 'WITHSCORES')[2]
if is_repeat then
  repeat_leases()
else
  if nearest_suspect and tonumber(nearest_suspect) <= now then
    serve_suspects()
  end
  local visits = 0
  while want > 0 and visits < 160 and serve_next() do
    visits = visits + 1
  end
end

if #expiries > 0 then
  call('ZADD', LEASES, unpack(expiries))
  call('HSET', TOKENS, unpack(new_tokens))
end
call('SET', worker_key, sequence .. ' ' .. table.concat(results) .. ' ' .. table.concat(leased, ' ')
  .. '|' .. suspects_text(held), 'PX', 3600000)

-- What next ------------------------------------------------------------------------------------------------------

local more = call('ZCARD', READY) > 0 or (want_slow > 0 and call('ZCARD', READY_SLOW) > 0)
if more then
  wake()
end
local due = -1
local timer = call('ZRANGE', TIMERS, 0, 0, 'WITHSCORES')
if timer[1] then
  due = math.max(0, timer[2] - now)
end
if quarantine_changed then
  nearest_suspect = call('ZRANGE', QUARANTINE, 0, 0, 'WITHSCORES')[2]
end
-- A worker that may hold no more suspects calls again when it is done with one.
if nearest_suspect and held.count < most_suspects and not held.singly and not waits_for_others then
  local wait = math.max(0, nearest_suspect - now)
  due = due < 0 and wait or math.min(due, wait)
end
for _, e in ipairs(touched) do
  e.last_attempt = e.last_report and last_attempt(e)
end
flush()
return { results, out_endpoints, out_events, out_leases, due, more and 1 or 0, out_suspects }
