-- deliveries.lua: how deliveries end, wait again, or are set aside. Needs core, finished, log and account_events.

-- Events and records -----------------------------------------------------------------------------------------------

-- The size of a delivery's payload; 0 when its event can't be read.
local function size_of(delivery)
  return math.max(0, whole(redis.pcall('HGET', P .. 'event:' .. event_of(delivery), 'charge')) - charge_of(0))
end

-- One delivery of an event is finished. The last one frees the account's budget, and the event enters the index of what is finished.
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
  local v = call('HMGET', key, 'account', 'charge', 'failed', 'again')
  if not v[1] then
    call('DEL', key) -- it had gone already, and counting made it anew
    return
  end
  freed[v[1]] = (freed[v[1]] or 0) + whole(v[2])
  if left < 0 then
    call('PEXPIRE', key, RETENTION_FAILED) -- its count can't be right, so it may be in the index already
  else
    finish(event, v[1], v[3], whole(v[2]), v[4])
  end
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

-- Deliveries -----------------------------------------------------------------------------------------------------

-- Replays have eight characters more in their ids.
local function is_replay(delivery)
  return #delivery > 47
end

-- Counts what became of a replay that is part of a replay of many.
local function count_replayed(delivery, record, outcome)
  local job = is_replay(delivery) and call('HGET', record, 'replay')
  if job and call('EXISTS', P .. 'replay:' .. job) == 1 then
    call('HINCRBY', P .. 'replay:' .. job, outcome, 1)
  end
end

-- Where a record's attempts are in the log: the ids of its last 20 entries.
local function point_to(record, log_entry)
  local entries = (call('HGET', record, 'log') or '') .. ' ' .. log_entry
  local _, number = string.gsub(entries, '%S+', '')
  if number > 20 then
    entries = string.gsub(entries, '^%s*%S+', '')
  end
  call('HSET', record, 'log', string.match(entries, '^%s*(.*)$'))
end

-- Gives a delivery up, visibly: its record stays for RETENTION_FAILED. `size` is its payload's, `kind` its event's type, and
-- `log_entry` what the log says of its last attempt; without one the log is told here that no attempt was made.
local function exhaust(e, delivery, attempts, size, kind, reason, log_entry)
  local key, failed, now = record_of(delivery), P .. 'failed:' .. e.id, read_clock()
  call('HSET', key, 'state', 'exhausted', 'endpoint', e.id, 'event', event_of(delivery), 'type', kind, 'attempts', attempts,
    'reason', reason, 'exhaustedAt', now)
  point_to(key, log_entry or write_log(e.id, { 'delivery', delivery, 'event', kind, 'attempt', attempts, 'outcome', 'exhausted',
    'error', reason }))
  call('HDEL', key, 'nextAttemptAt')
  call('PEXPIRE', key, RETENTION_FAILED)
  call('ZADD', failed, now, delivery)
  local old = call('ZRANGEBYSCORE', failed, '-inf', now - RETENTION_FAILED, 'LIMIT', 0, 20)
  if #old > 0 then
    call('ZREM', failed, unpack(old))
  end
  call('PEXPIRE', failed, RETENTION_FAILED)
  count_replayed(delivery, key, 'exhausted')
  unref(event_of(delivery), true)
  e.bytes = math.max(0, e.bytes - size)
  count('exhausted')
  count_hourly(e.account, 'exhausted')
  if not is_account_event(kind) then
    tell('delivery.exhausted', e, function()
      return ',"deliveryId":"' .. delivery .. '","eventId":"' .. event_of(delivery) .. '","eventType":' .. cjson.encode(kind)
        .. ',"attempts":' .. attempts .. ',"lastError":' .. cjson.encode(reason)
    end)
  end
end

-- The name of a delivery's event type, as far as it can be read.
local function type_of(delivery)
  local kind = redis.pcall('HGET', P .. 'event:' .. event_of(delivery), 'event')
  return type(kind) == 'string' and kind or ''
end

-- A delivery succeeded. If it has a story (a failure before, or it is a replay) its record stays as long as its payload, so
-- that the log's entries can be put together; else it lives on in the log alone.
local function succeed(e, delivery, attempt, size, kind, log_entry)
  local key = P .. 'delivery:' .. delivery
  if tonumber(attempt) > 1 or is_replay(delivery) then
    key = record_of(delivery)
    call('HSET', key, 'state', 'succeeded', 'endpoint', e.id, 'event', event_of(delivery), 'type', kind, 'attempts', attempt)
    call('HDEL', key, 'nextAttemptAt', 'reason')
    point_to(key, log_entry)
    call('PEXPIRE', key, RETENTION_SUCCEEDED)
    count_replayed(delivery, key, 'succeeded')
  else
    call('DEL', key) -- a lost lease may have left one
  end
  unref(event_of(delivery), false)
  e.bytes = math.max(0, e.bytes - size)
  count('succeeded')
  count_hourly(e.account, 'succeeded')
end

-- A delivery is canceled, and leaves nothing behind. `e` is nil when its endpoint is gone.
local function cancel(e, delivery, size)
  local key = record_of(delivery)
  count_replayed(delivery, key, 'canceled')
  call('DEL', key)
  unref(event_of(delivery), false)
  count('canceled')
  if e then
    e.bytes = math.max(0, e.bytes - size)
    count_hourly(e.account, 'canceled')
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

