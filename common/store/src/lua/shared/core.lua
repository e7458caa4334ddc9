-- core.lua: what all scripts that touch the queue share: time, endpoints and their lanes.
local TIMERS, LEASES, TOKENS, SWEEPS, QUARANTINE = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11]
local REPLAYS, TEST_EVENTS = KEYS[13], KEYS[14]

-- The policy, which workers pass to their scripts as arguments. Scripts of the API don't know the cap: when they put an endpoint
-- that is at its cap into its lane, the next fetch takes it out again.
local CAP, RETENTION_SUCCEEDED, RETENTION_FAILED, LOG_LENGTH = math.huge, '60000', '60000', nil

-- Counts for `stats`, how deliveries of each account ended in this hour, and how many bytes it no longer has unfinished: added
-- up here, and written once at the end.
local counted, hourly, freed = {}, {}, {}
local write_finished -- set by finished.lua
local function count(name, by)
  counted[name] = (counted[name] or 0) + (by or 1)
end
local function count_hourly(account, outcome)
  local counts = hourly[account] or {}
  hourly[account] = counts
  counts[outcome] = (counts[outcome] or 0) + 1
end

-- Time -----------------------------------------------------------------------------------------------------------

-- The time (see `look_at_clock`), the same for the whole script. Stores what Redis's clock says, so that a later call notices when
-- it goes back.
local turn_read, turn, clock = 0, 0, nil
local function read_clock()
  if clock then
    return clock
  end
  local now, raw_now, back, kept = look_at_clock()
  clock, turn_read = now, tonumber(kept[4]) or 0
  turn = turn_read
  if back > 0 then
    call('HSET', STATS, 'clockRaw', raw_now, 'clockSkew', now - raw_now)
    if back >= 60000 then
      local steps = (call('HGET', STATS, 'clockSteps') or '') .. ' ' .. string.format('%d:%d', now, back)
      call('HSET', STATS, 'clockSteps', string.sub(steps, -200))
    end
  elseif raw_now ~= tonumber(kept[1]) then
    call('HSET', STATS, 'clockRaw', raw_now)
  end
  return clock
end

-- How long ago something was. A clock that is set back had been ahead (or will be set forward again): that much of the time
-- did not pass. The last steps of a minute or more are known.
local steps
local function age_of(at)
  steps = steps or call('HGET', STATS, 'clockSteps') or ''
  local age = read_clock() - at
  for when, back in string.gmatch(steps, '(%d+):(%d+)') do
    age = age - math.max(0, math.min(tonumber(back), when - at))
  end
  return age
end

-- The next turn: a counter, not a time. It is read with the clock.
local function next_turn()
  read_clock()
  turn = turn + 1
  return turn
end

-- The text of a whole number. Making it costs much, so each is made once.
local texts = {}
local function text_of(number)
  local text = texts[number]
  if not text then
    text = string.format('%d', number)
    texts[number] = text
  end
  return text
end

-- Endpoints ------------------------------------------------------------------------------------------------------

-- Each endpoint is read once, changed here, and written once by `flush`.
local endpoints, touched = {}, {}
local function endpoint(id)
  local e = endpoints[id]
  if e == nil then
    local v = call('HMGET', P .. 'endpoint:' .. id, 'account', 'state', 'inFlight', 'generation', 'probing', 'slow',
      'consecutiveFailures', 'failingSince', 'queuedBytes')
    if v[1] then
      e = {
        id = id, account = v[1], state = v[2], in_flight = tonumber(v[3]) or 0, generation = v[4] or '1',
        probing = v[5] == '1', slow = v[6] == '1', failures = tonumber(v[7]) or 0, failing_since = tonumber(v[8]) or 0,
        bytes = tonumber(v[9]) or 0,
      }
      e.was_slow = e.slow
      touched[#touched + 1] = e
    else
      e = false
    end
    endpoints[id] = e
  end
  return e
end

local function cap_of(e)
  return e.probing and 1 or CAP
end

-- Puts an endpoint into its lane if it has something to send and may send it, else takes it out. A lane is sorted by
-- turn; an endpoint that is in it keeps its turn.
local function settle(e)
  local lane, other = READY, READY_SLOW
  if e.slow then
    lane, other = READY_SLOW, READY
  end
  if e.slow ~= e.was_slow then
    call('ZREM', other, e.id)
  end
  if e.state == 'active' and e.in_flight < cap_of(e) and call('LLEN', P .. 'pending:' .. e.id) > 0 then
    call('ZADD', lane, 'NX', next_turn(), e.id)
  else
    call('ZREM', lane, e.id)
  end
end

-- How many deliveries are on their way back to an endpoint's list, in queues that were set aside.
local function count_releasing(id)
  local number = 0
  for key in string.gmatch(call('HGET', P .. 'endpoint:' .. id, 'releasing') or '', '%S+') do
    number = number + call('ZCARD', key)
  end
  return number
end

-- An endpoint as its owner sees it: its fields, and how many deliveries wait for their turn and for a retry.
local function view(id)
  return { id, call('HGETALL', P .. 'endpoint:' .. id), call('LLEN', P .. 'pending:' .. id) + count_releasing(id),
    call('ZCARD', P .. 'retry:' .. id) }
end

-- What an attempt needs of an endpoint. The secret before the last rotation is used until its grace ends.
local function target_of(e)
  local v = call('HMGET', P .. 'endpoint:' .. e.id, 'version', 'url', 'secret', 'previousSecret', 'previousSecretUntil',
    'legacySignature')
  local in_grace = v[4] and whole(v[5]) > read_clock()
  return { e.id, e.account, v[1], v[2], v[3], e.slow and 1 or 0, in_grace and v[4] or '',
    in_grace and v[6] == 'previous' and 1 or 0 }
end

-- The end ----------------------------------------------------------------------------------------------------------

-- Counts of the last 24 hours, a field for each hour and outcome; older ones go when a new one comes.
local function write_hours(account, counts)
  local key, hour = P .. 'account:' .. account .. ':hours', math.floor(read_clock() / 3600000)
  local is_new = false
  for outcome, by in pairs(counts) do
    is_new = call('HINCRBY', key, hour .. ':' .. outcome, by) == by or is_new
  end
  if is_new then
    for _, field in ipairs(call('HKEYS', key)) do
      if tonumber(string.match(field, '^%d+')) <= hour - 24 then
        call('HDEL', key, field)
      end
    end
    call('PEXPIRE', key, 25 * 3600000)
  end
end

-- Writes all changes: finished events, each endpoint, the counters, the turn.
local function flush()
  if write_finished then
    write_finished()
  end
  for _, e in ipairs(touched) do
    if e.is_unsettled then
      settle(e)
    end
    call('HSET', P .. 'endpoint:' .. e.id, 'state', e.state, 'inFlight', e.in_flight, 'generation', e.generation, 'probing',
      e.probing and '1' or '0', 'slow', e.slow and '1' or '0', 'consecutiveFailures', e.failures, 'failingSince',
      e.failing_since, 'queuedBytes', e.bytes)
    if e.last_attempt then
      call('HSET', P .. 'endpoint:' .. e.id, 'lastAttempt', e.last_attempt)
    end
  end
  for name, by in pairs(counted) do
    call('HINCRBY', STATS, name, by)
  end
  for account, counts in pairs(hourly) do
    write_hours(account, counts)
  end
  for account, bytes in pairs(freed) do
    local used = P .. 'account:' .. account .. ':bytes'
    if call('DECRBY', used, string.format('%d', bytes)) <= 0 then
      call('DEL', used)
    end
  end
  if turn ~= turn_read then
    call('HSET', STATS, 'turn', turn)
  end
end
