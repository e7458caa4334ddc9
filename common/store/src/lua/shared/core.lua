-- core.lua: an endpoint as others see it, and `flush`, with which every script ends that changed something.

-- How many deliveries are on their way back to an endpoint's list, in queues that were set aside.
local function length_of(key)
  if string.sub(key, -8) == ':pending' then
    return call('LLEN', key)
  end
  return call('ZCARD', key)
end
local function count_releasing(id)
  local number = 0
  for key in string.gmatch(call('HGET', P .. 'endpoint:' .. id, 'releasing') or '', '%S+') do
    number = number + length_of(key)
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
    call('HSET', P .. 'endpoint:' .. e.id, 'state', e.state, 'inFlight', e.in_flight, 'generation', e.generation, 'limit',
      e.limit, 'slow', e.slow and '1' or '0', 'consecutiveFailures', e.failures, 'failingSince', e.failing_since, 'queuedBytes',
      e.bytes, 'carries', carries_text(e))
    for field, value in pairs(e.changes or {}) do
      if value == '' then
        call('HDEL', P .. 'endpoint:' .. e.id, field)
      else
        call('HSET', P .. 'endpoint:' .. e.id, field, value)
      end
    end
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
