-- deliveries.lua: ends deliveries, or puts them back in line.

-- Events and records -----------------------------------------------------------------------------------------------

-- The size of a delivery's payload; 0 when its event can't be read.
local function size_of(delivery)
  return math.max(0, whole(call('HGET', P .. 'event:' .. event_of(delivery), 'charge')) - charge_of(0))
end

-- Of an erased event that is no longer unfinished stays, for a week, that it was erased. It is not among what is let go of, or packed.
local function rest_erased(event)
  call('HSET', event, 'charge', text_of(charge_of(0)))
  call('PEXPIRE', event, 7 * 86400000)
end

-- Deliveries of an event that are finished, counted off the event once for the whole call. With the last one, the account gets
-- its budget back, and the event enters the index of finished events.
local ended, ended_order = {}, {}
local function unref(event, failed)
  local one = ended[event]
  if not one then
    one = { number = 0 }
    ended[event], ended_order[#ended_order + 1] = one, event
  end
  one.number = one.number + 1
  one.failed = failed or one.failed
end

write_refs = function()
  for _, event in ipairs(ended_order) do
    local key, one = P .. 'event:' .. event, ended[event]
    local v = call('HMGET', key, 'refs', 'account', 'charge', 'failed', 'again', 'erased')
    local refs = v[1] == '1' and 1 or tonumber(string.match(v[1] or '0', '^%-?%d+$'))
    local charge = whole(v[3])
    if not v[2] then
      call('DEL', key) -- it had gone already
    elseif not refs then
      -- Its count can't be read, and others may still want it. Its account is no longer charged for it.
      freed[v[2]] = (freed[v[2]] or 0) + charge
      call('HSET', key, 'charge', 0)
      call('PEXPIRE', key, RETENTION_FAILED)
    else
      local left, failed = refs - one.number, one.failed and '1' or v[4]
      if one.failed and not v[4] then
        call('HSET', key, 'refs', text_of(left), 'failed', '1')
      else
        call('HSET', key, 'refs', text_of(left))
      end
      if left <= 0 then
        freed[v[2]] = (freed[v[2]] or 0) + charge
      end
      if left < 0 then
        call('PEXPIRE', key, RETENTION_FAILED) -- its count can't be right, so it may be in the index already
      elseif left == 0 and v[6] then
        rest_erased(key)
      elseif left == 0 then
        finish(event, v[2], failed, charge, v[5])
      end
    end
  end
  ended, ended_order = {}, {}
end

-- The key of a delivery's record.
local function record_of(delivery)
  return P .. 'delivery:' .. delivery
end

-- The attempts that a record counts, and whether it is that of a suspect, whose leases were lost too often (see quarantine.lua).
local function attempts_in(record)
  local v = call('HMGET', record, 'attempts', 'lostLeases')
  return math.min(999999, whole(v[1])), whole(v[2]) >= 3
end

-- Deliveries -----------------------------------------------------------------------------------------------------

-- Counts what became of a replay that is part of a replay of many.
local function count_replayed(delivery, record, outcome)
  local replay = is_replay(delivery) and call('HGET', record, 'replay')
  if replay and call('EXISTS', P .. 'replay:' .. replay) == 1 then
    call('HINCRBY', P .. 'replay:' .. replay, outcome, 1)
  end
end

-- The log entries that a record names (nil or false: none yet), and one more: the last 20 of its delivery.
local function entries_with(entries, log_entry)
  if not entries then
    return log_entry
  end
  entries = entries .. ' ' .. log_entry
  local _, number = string.gsub(entries, '%S+', '')
  return number > 20 and string.match(entries, '^%s*%S+%s*(.*)$') or entries
end

-- Adds a log entry to those that a record names.
local function point_to(record, log_entry)
  call('HSET', record, 'log', entries_with(call('HGET', record, 'log'), log_entry))
end

-- Tells the operator, once a day for an endpoint, that a delivery of its will be given up at that time (ms) unless its receiver works by then.
local DAY = 86400000
local function tell_of_end(e, delivery, ends_at, is_parked)
  local key, now = P .. 'endpoint:' .. e.id, read_clock()
  if now - whole(call('HGET', key, 'expiringTold')) >= DAY then
    call('HSET', key, 'expiringTold', text_of(now))
    operator_events.of('delivery.expiring', e, ',"deliveryId":"' .. delivery .. '","expiresAt":"' .. time_text(ends_at) .. '","parked":'
      .. (is_parked and 'true' or 'false'))
  end
end

-- The same of what is parked, if that is within a day.
operator_events.of_parked = function(e, delivery, left)
  if left <= DAY and operator_events.are_wanted() then
    tell_of_end(e, delivery, read_clock() + math.max(0, left), true)
  end
end

-- The same of what waits for its next attempt, if that is the last one. (Of an endpoint that is no longer active it is parked.)
operator_events.of_last = function(e, delivery, next_attempt, due)
  if e.state == 'active' and operator_events.are_wanted() and operator_events.is_last(next_attempt) then
    tell_of_end(e, delivery, due, false)
  end
end

-- Gives a delivery up, visibly: its record stays for RETENTION_FAILED. `size` is its payload's, `kind` its event's type, and
-- `log_entry` the log entry of its last attempt; without one, this logs that it ended without an attempt.
local function exhaust(e, delivery, attempts, size, kind, reason, log_entry)
  local key, failed, now = record_of(delivery), P .. 'failed:' .. e.id, read_clock()
  local known, now_text = call('HMGET', key, 'log', 'nextAttemptAt'), text_of(now)
  attempts = attempts .. ''
  log_entry = log_entry or write_log(e.id, { 'delivery', delivery, 'event', kind, 'attempt', attempts, 'outcome', 'exhausted',
    'error', reason })
  call('HSET', key, 'state', 'exhausted', 'endpoint', e.id, 'event', event_of(delivery), 'type', kind, 'attempts', attempts,
    'reason', reason, 'exhaustedAt', now_text, 'log', entries_with(known[1], log_entry))
  if known[2] then
    call('HDEL', key, 'nextAttemptAt')
  end
  call('PEXPIRE', key, RETENTION_FAILED)
  call('ZADD', failed, now_text, delivery)
  if (e.exhausted or 0) % 20 == 0 then
    local old = call('ZRANGEBYSCORE', failed, '-inf', now - RETENTION_FAILED, 'LIMIT', 0, 40)
    if #old > 0 then
      call('ZREM', failed, unpack(old))
    end
    call('PEXPIRE', failed, RETENTION_FAILED)
  end
  e.exhausted = (e.exhausted or 0) + 1
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

-- What was canceled, or given up, and whether a replay delivered it -------------------------------------------------

-- What of its own endpoint's deliveries names one, with the type of its event: a member of `canceled:<e>`.
local function canceled_member(delivery, kind)
  return string.sub(delivery, 5, 30) .. ' ' .. (kind == '' and '-' or kind)
end

-- The most canceled deliveries that an endpoint remembers.
local MOST_CANCELED = 100000

-- Remembers one that was canceled, so that a replay can find it, for as long as its payload is kept because of it.
local function note_canceled(e, delivery, kind)
  local key, now = P .. 'canceled:' .. e.id, read_clock()
  call('ZADD', key, text_of(now), canceled_member(delivery, kind))
  if (e.canceled or 0) % 20 == 0 then
    local old = call('ZRANGEBYSCORE', key, '-inf', now - RETENTION_SUCCEEDED, 'LIMIT', 0, 40)
    local beyond = call('ZCARD', key) - MOST_CANCELED
    if #old == 0 and beyond > 0 then
      old = call('ZRANGE', key, 0, math.min(beyond, 40) - 1)
    end
    if #old > 0 then
      call('ZREM', key, unpack(old))
    end
    call('PEXPIRE', key, RETENTION_SUCCEEDED)
  end
  e.canceled = (e.canceled or 0) + 1
end

-- A replay succeeded: what it repeats counts as delivered from now on, if it had been given up (its record says so while it is kept) or
-- canceled.
local function note_redelivered(e, replay, kind)
  local source = string.sub(replay, 1, ID_LENGTH)
  if call('HGET', record_of(source), 'state') == 'exhausted' then
    call('HSET', record_of(source), 'redeliveredAt', text_of(read_clock()))
  else
    call('ZREM', P .. 'canceled:' .. e.id, canceled_member(source, kind))
  end
end

-- The name of a delivery's event type, as far as it can be read.
local function type_of(delivery)
  return call('HGET', P .. 'event:' .. event_of(delivery), 'event') or ''
end

-- What stays of a delivery that succeeded and has, or may have, a record. If it was attempted before, or is a replay, its record stays as
-- long as its payload, so that its log entries can be put together; else only the log remembers it.
local function keep_succeeded(e, delivery, attempt, kind, log_entry)
  local key = record_of(delivery)
  local v = call('HMGET', key, 'state', 'log')
  if tonumber(attempt) > 1 or v[2] or is_replay(delivery) then
    call('HSET', key, 'state', 'succeeded', 'endpoint', e.id, 'event', event_of(delivery), 'type', kind, 'attempts', attempt)
    call('HDEL', key, 'nextAttemptAt', 'reason')
    point_to(key, log_entry)
    call('PEXPIRE', key, RETENTION_SUCCEEDED)
    count_replayed(delivery, key, 'succeeded')
    if is_replay(delivery) then
      note_redelivered(e, delivery, kind)
    end
  elseif v[1] then
    call('DEL', key) -- a lost lease may have left one
  end
end

-- A delivery is canceled. `e` is nil when its endpoint is gone: then it leaves nothing behind. With a reason its line in the log says that:
-- its event was erased, so no replay has to find it.
local function cancel(e, delivery, size, reason)
  local key = record_of(delivery)
  if e and reason then
    write_log(e.id, { 'delivery', delivery, 'event', type_of(delivery), 'attempt', attempts_in(key) .. '', 'outcome', 'canceled',
      'error', reason })
  elseif e and SCHEMA >= 4 and not is_replay(delivery) then
    note_canceled(e, delivery, type_of(delivery))
  end
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
