-- endpoints.lua: time, counters, and endpoints: each is read once, changed in memory, and written once by `flush` (core.lua).
local TIMERS, LEASES, TOKENS, SWEEPS, QUARANTINE = fixed.timers, fixed.leases, fixed.tokens, fixed.sweeps, fixed.quarantine
local REPLAYS, TEST_EVENTS = fixed.replays, fixed.trials

-- The policy, which workers pass to their scripts as arguments. Scripts of the API don't know the cap: when they put an endpoint
-- that is at its cap into its lane, the next fetch takes it out again.
local CAP, RETENTION_SUCCEEDED, RETENTION_FAILED, LOG_LENGTH = math.huge, '60000', '60000', nil

-- Counts for `stats`, how deliveries of each account ended in this hour, and how many bytes it no longer has unfinished: added
-- up here, and written once at the end.
local counted, hourly, freed = {}, {}, {}
local write_refs, write_finished, write_lanes -- set by deliveries.lua, finished.lua and work/lanes.lua
local recent_of -- set by recent.lua
local function count(name, by)
  counted[name] = (counted[name] or 0) + (by or 1)
end
local function count_hourly(account, outcome, by)
  local counts = hourly[account] or {}
  hourly[account] = counts
  counts[outcome] = (counts[outcome] or 0) + (by or 1)
end

-- Time -----------------------------------------------------------------------------------------------------------

-- What of `stats` is known, by name, and what is to be written to it: pairs of name and text.
local stats_known, stats_written = {}, {}

-- Whether all that the script changes is written by `flush`, what Redis's clock says included.
local flushes_clock = false

-- The time (see `look_at_clock`), the same for the whole script. Stores what Redis's clock says, so that a later call notices when
-- it goes back.
local turn_read, turn, clock = 0, 0, nil
local function read_clock()
  if clock then
    return clock
  end
  local now, raw_now, back, kept = look_at_clock('attempts', 'succeeded', 'standby')
  clock, turn_read = now, tonumber(kept[4]) or 0
  turn = turn_read
  stats_known.attempts, stats_known.succeeded, stats_known.standby = kept[5], kept[6], kept[7]
  if back > 0 then
    call('HSET', STATS, 'clockRaw', raw_now, 'clockSkew', now - raw_now)
    if back >= 60000 then
      local steps = (call('HGET', STATS, 'clockSteps') or '') .. ' ' .. string.format('%d:%d', now, back)
      call('HSET', STATS, 'clockSteps', string.sub(steps, -200))
    end
  elseif raw_now ~= tonumber(kept[1]) then
    if flushes_clock then
      stats_written[1], stats_written[2] = 'clockRaw', text_of(raw_now)
    else
      call('HSET', STATS, 'clockRaw', text_of(raw_now))
    end
  end
  return clock
end

-- Changes when something of an endpoint is due: `ZADD` or `ZREM`, and what follows the key.
local timers_changed = false
local function write_timer(command, ...)
  timers_changed = true
  call(command, TIMERS, ...)
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

-- The last turn in a lane that is over: a counter, not a time. It is read with the clock.
local function last_turn()
  read_clock()
  return turn
end

-- The text of a whole number. Making it costs much, so each is made once: small ones once for all calls of a function that Redis keeps.
local texts = {}
local text_of
do
  local SMALL, small_texts = 4096, {}

  function text_of(number)
    local text = small_texts[number] or texts[number]
    if text then
      return text
    elseif number ~= number then
      return '0' -- what was stored is no number
    end
    text = string.format('%d', number)
    if number >= 0 and number < SMALL and number % 1 == 0 then
      small_texts[number] = text
    else
      texts[number] = text
    end
    return text
  end
end

-- Endpoints ------------------------------------------------------------------------------------------------------

-- Each endpoint is read once, changed here, and written once by `flush`. What seldom changes is changed by `set`.
local endpoints, touched = {}, {}

-- Whether endpoints are read with what attempts need of them.
local reads_targets = false

local endpoint, target_of
do
  -- Those from `headers` on are what attempts need. The secret before the last rotation is used until its grace ends.
  local FIELDS = { 'account', 'state', 'inFlight', 'generation', 'limit', 'slow', 'consecutiveFailures', 'failingSince', 'queuedBytes',
    'carries', 'heldUntil', 'holds', 'rateLimit', 'pacedUntil', 'recovering', 'url', 'headers', 'secret', 'previousSecret',
    'previousSecretUntil', 'legacySignature', 'recent' }
  local URL, HEADERS, LAST = 16, 17, 22

  function endpoint(id)
    local e = endpoints[id]
    if e ~= nil then
      return e
    end
    local v = call('HMGET', P .. 'endpoint:' .. id, unpack(FIELDS, 1, reads_targets and LAST or URL))
    if v[1] then
      -- In place: tables that grow are made anew.
      v[3], v[5], v[7], v[8], v[9] = tonumber(v[3]), tonumber(v[5]), tonumber(v[7]), tonumber(v[8]), tonumber(v[9])
      e = {
        id = id, account = v[1], state = v[2], in_flight = v[3] or 0, generation = v[4] or '1',
        limit = v[5] or 1, slow = v[6] == '1', failures = v[7] or 0, failing_since = v[8] or 0,
        bytes = v[9] or 0, carries = v[10] or '', held_until = tonumber(v[11]) or 0, holds = tonumber(v[12]) or 0,
        rate = tonumber(v[13]), paced_until = tonumber(v[14]) or 0, recovering = v[15] == '1',
        url = v[URL] or '', was = v, recent_was = v[LAST],
      }
      e.was_slow = e.slow
      touched[#touched + 1] = e
    else
      e = false
    end
    endpoints[id] = e
    return e
  end

  -- What an attempt needs of an endpoint.
  function target_of(e)
    local v = e.was
    if not reads_targets then
      v = call('HMGET', P .. 'endpoint:' .. e.id, unpack(FIELDS))
    end
    local in_grace = v[19] and whole(v[20]) > read_clock()
    return { e.id, e.account, v[URL], v[HEADERS] or '', v[18], e.slow and 1 or 0, in_grace and v[19] or '',
      in_grace and v[21] == 'previous' and 1 or 0 }
  end
end

-- The endpoint that a delivery's id names.
local endpoints_at = {}
local function endpoint_for(delivery)
  local place = string.sub(delivery, 32, ID_LENGTH)
  local e = endpoints_at[place]
  if e == nil then
    e = endpoint('ep_' .. place)
    endpoints_at[place] = e
  end
  return e
end

-- Changes a field that `flush` writes only then; '' removes it.
local function set(e, field, value)
  e.changes = e.changes or {}
  e.changes[field] = value
end
