-- prelude.lua: what every script shares. It stands in front of each of them.
--
-- KEYS[1] is the shard's prefix (`wh:{0}:`); the keys that have a fixed name follow. Keys of endpoints, events,
-- deliveries and accounts are computed from the prefix alone, so that all lie in one hash slot.
local P, READY, READY_SLOW, TIMERS, LEASES, TOKENS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local STATS, WAKE, SWEEPS, QUARANTINE, DISABLED, CORRUPT = KEYS[7], KEYS[8], KEYS[9], KEYS[10], KEYS[11], KEYS[12]
local call = redis.call

-- Policy; the workers' scripts read it from their arguments. Those of the API don't know the cap: an endpoint that they put
-- into its lane at its cap is taken out again by the next fetch.
local CAP, RETENTION_SUCCEEDED, RETENTION_FAILED, LOG_LENGTH = math.huge, 60000, 60000, 1000

-- Counters in `stats`, added up here and written once at the end.
local counted = {}
local function count(name, by)
  counted[name] = (counted[name] or 0) + (by or 1)
end

-- Time -----------------------------------------------------------------------------------------------------------

-- Milliseconds since 1970 by Redis's own clock, which never goes back: when the clock is set back, the time goes on
-- from where it was (`clockSkew`). Only tests set `clockOffset`.
local turn_read, turn = 0, 0
local function read_clock()
  local time = call('TIME')
  local kept = call('HMGET', STATS, 'clockRaw', 'clockSkew', 'clockOffset', 'turn')
  local raw = time[1] * 1000 + math.floor(time[2] / 1000) + (tonumber(kept[3]) or 0)
  local last, skew = tonumber(kept[1]) or raw, tonumber(kept[2]) or 0
  turn_read = tonumber(kept[4]) or 0
  turn = turn_read
  if raw < last then
    skew = skew + last - raw
    call('HSET', STATS, 'clockRaw', raw, 'clockSkew', skew)
  elseif raw > last or not kept[1] then
    call('HSET', STATS, 'clockRaw', raw)
  end
  return raw + skew
end

-- The next turn: a counter, not a time.
local function next_turn()
  turn = turn + 1
  return turn
end

-- Ids ------------------------------------------------------------------------------------------------------------

-- A delivery's id names its event and its endpoint: `dlv_<26>_<16>[_<8>]`.
local function event_of(delivery)
  return 'evt_' .. string.sub(delivery, 5, 30)
end
local function endpoint_of(delivery)
  return 'ep_' .. string.sub(delivery, 32, 47)
end

-- An entry of a pending list is a delivery's id, and `:<attempts>` when attempts were made.
local function entry(delivery, attempts)
  if attempts > 0 then
    return delivery .. ':' .. attempts
  end
  return delivery
end
-- Nil for a text that is neither.
local function parse_entry(text)
  local delivery, attempts = string.match(text, '^(dlv_[^:]+):?(%d*)$')
  local event, place, replay = string.match(delivery or '',
    '^dlv_([0-9a-hjkmnp-tv-z]+)_([0-9a-hjkmnp-tv-z]+)_?([0-9a-hjkmnp-tv-z]*)$')
  if not event or #event ~= 26 or #place ~= 16 or #attempts > 6 then
    return nil
  end
  if #delivery ~= 47 and not (#delivery == 56 and #replay == 8) then
    return nil
  end
  return delivery, tonumber(attempts) or 0
end

-- A stored count; 0 for what is none.
local function whole(value)
  return type(value) == 'string' and #value <= 15 and tonumber(string.match(value, '^%d+$')) or 0
end

-- Notes what can't be read, and is left out, where an operator finds it.
local function note_corrupt(id, text)
  call('RPUSH', CORRUPT, id .. ' ' .. text)
  call('LTRIM', CORRUPT, -1000, -1)
  count('corrupt')
end

-- The key of a delivery's record, which is a hash or absent: something else in its place is taken away.
local function record_of(delivery)
  local key = P .. 'delivery:' .. delivery
  local kind = call('TYPE', key).ok
  if kind ~= 'hash' and kind ~= 'none' then
    call('DEL', key)
    note_corrupt(endpoint_of(delivery), 'delivery:' .. delivery)
  end
  return key
end

-- The attempts that a record counts.
local function attempts_in(record)
  return math.min(999999, whole(call('HGET', record, 'attempts')))
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

-- What `accept` needs of an endpoint, in one field of `account:<a>:endpoints`: `<A|D|O>|,<types>,|<chatbot>`.
local function set_route(id)
  local v = call('HMGET', P .. 'endpoint:' .. id, 'account', 'state', 'events', 'chatbotId')
  local letter = v[2] == 'active' and 'A' or v[2] == 'disabled' and 'D' or 'O'
  call('HSET', P .. 'account:' .. v[1] .. ':endpoints', id, letter .. '|,' .. v[3] .. ',|' .. (v[4] or ''))
end

-- An endpoint as its owner sees it: its fields, and how many deliveries wait for their turn and for a retry.
local function view(id)
  return { id, call('HGETALL', P .. 'endpoint:' .. id), call('LLEN', P .. 'pending:' .. id), call('ZCARD', P .. 'retry:' .. id) }
end

-- Wakes one sleeping worker, unless a token waits already.
local function wake()
  if call('LLEN', WAKE) == 0 then
    call('RPUSH', WAKE, '1')
  end
end

-- Events ---------------------------------------------------------------------------------------------------------

-- What an unfinished event is charged to its account: its payload and what surrounds it.
local function charge_of(bytes)
  return bytes + 256
end

-- The size of a delivery's payload; 0 when its event can't be read.
local function size_of(delivery)
  return math.max(0, whole(redis.pcall('HGET', P .. 'event:' .. event_of(delivery), 'charge')) - charge_of(0))
end

-- One delivery of an event is finished. The last one frees the account's budget and starts the payload's lifetime.
local function unref(event, failed)
  local key = P .. 'event:' .. event
  local left = redis.pcall('HINCRBY', key, 'refs', -1)
  if type(left) ~= 'number' then
    call('PEXPIRE', key, RETENTION_FAILED) -- it can't be read, and others may still want it
    return
  end
  if failed then
    call('HSET', key, 'failed', '1')
  end
  if left > 0 then
    return
  end
  local v = call('HMGET', key, 'account', 'charge', 'failed')
  if not v[1] then
    call('DEL', key) -- it had gone already, and counting made it anew
    return
  end
  local used = P .. 'account:' .. v[1] .. ':bytes'
  if call('DECRBY', used, whole(v[2])) <= 0 then
    call('DEL', used)
  end
  call('PEXPIRE', key, v[3] and RETENTION_FAILED or RETENTION_SUCCEEDED)
end

-- Deliveries -----------------------------------------------------------------------------------------------------

-- Gives a delivery up, visibly: its record stays for RETENTION_FAILED. `size` is its payload's.
local function exhaust(e, delivery, attempts, size, reason, now)
  local key, failed = record_of(delivery), P .. 'failed:' .. e.id
  call('HSET', key, 'state', 'exhausted', 'endpoint', e.id, 'event', event_of(delivery), 'attempts', attempts, 'reason',
    reason, 'exhaustedAt', now)
  call('HDEL', key, 'nextAttemptAt')
  call('PEXPIRE', key, RETENTION_FAILED)
  call('ZADD', failed, now, delivery)
  local old = call('ZRANGEBYSCORE', failed, '-inf', now - RETENTION_FAILED, 'LIMIT', 0, 20)
  if #old > 0 then
    call('ZREM', failed, unpack(old))
  end
  call('PEXPIRE', failed, RETENTION_FAILED)
  unref(event_of(delivery), true)
  e.bytes = math.max(0, e.bytes - size)
  count('exhausted')
end

-- A delivery is done with, and leaves nothing behind but what is in the log. A lost lease may have left a record even
-- before the first attempt. `e` is nil when its endpoint is gone.
local function finish(e, delivery, size)
  call('DEL', P .. 'delivery:' .. delivery)
  unref(event_of(delivery), false)
  if e then
    e.bytes = math.max(0, e.bytes - size)
  end
end

-- A delivery that has a record waits for its turn again: pushed by `LPUSH` to the front, or by `RPUSH` to the end.
local function requeue(push, id, delivery)
  local record = record_of(delivery)
  call(push, P .. 'pending:' .. id, entry(delivery, attempts_in(record)))
  call('HSET', record, 'state', 'pending')
  call('HDEL', record, 'nextAttemptAt')
end

-- A lease was lost: no strike, and no attempt is counted. The first losses put the delivery back in front; from the
-- third on it is quarantined, with growing waits, since it may be what kills workers.
local function lost(e, delivery, attempts, now)
  local key = record_of(delivery)
  local losses = whole(call('HGET', key, 'lostLeases')) + 1
  call('HSET', key, 'endpoint', e.id, 'event', event_of(delivery), 'attempts', attempts, 'lostLeases', losses)
  count('leasesLost')
  if losses < 3 then
    call('HSET', key, 'state', 'pending')
    call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, attempts))
  else
    local due = now + math.min(3600000, 5000 * 2 ^ (losses - 3))
    call('HSET', key, 'state', 'quarantined', 'nextAttemptAt', due)
    call('ZADD', QUARANTINE, due, delivery)
  end
end

-- Puts an endpoint's quarantined deliveries back on its pending list, so that they can be set aside with the rest. Looks
-- at the first 1,000; what is beyond that is dropped when its turn comes and its endpoint is gone.
local function leave_quarantine(id)
  for _, delivery in ipairs(call('ZRANGE', QUARANTINE, 0, 999)) do
    if endpoint_of(delivery) == id then
      call('ZREM', QUARANTINE, delivery)
      call('RPUSH', P .. 'pending:' .. id, delivery)
    end
  end
end

-- Sets one of an endpoint's queues aside under a name of its own, for upkeep to work through.
local function set_aside(id, operation, queue, type, what)
  local from, to = P .. queue .. ':' .. id, P .. 'sweep:' .. operation .. ':' .. queue
  if call('EXISTS', from) == 1 then
    call('RENAME', from, to)
    call('PERSIST', to)
    call('RPUSH', SWEEPS, what .. ' ' .. id .. ' ' .. to .. ' ' .. type)
  end
end

-- The end ------------------------------------------------------------------------------------------------------

-- Writes what was changed: each endpoint, the counters, the turn.
local function flush()
  for _, e in ipairs(touched) do
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
  if turn ~= turn_read then
    call('HSET', STATS, 'turn', turn)
  end
end

