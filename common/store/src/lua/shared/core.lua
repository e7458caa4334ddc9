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

-- An endpoint as its owner sees it: its fields, how many deliveries wait for their turn and for a retry, and its tag.
local function view(id)
  local fields = call('HGETALL', P .. 'endpoint:' .. id)
  return { id, fields, call('LLEN', P .. 'pending:' .. id) + count_releasing(id), call('ZCARD', P .. 'retry:' .. id),
    tag_of(id, fields) }
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

-- Adds a field to what is written, if it isn't what was read (`was`: its text, or its number).
local function add_changed(written, field, value, was)
  if value ~= was then
    written[#written + 1], written[#written + 2] = field, type(value) == 'number' and text_of(value) or value
  end
end

-- Writes what changed of an endpoint.
local function write_endpoint(e)
  local key, was, written, gone = P .. 'endpoint:' .. e.id, e.was, {}, {}
  add_changed(written, 'state', e.state, was[2])
  add_changed(written, 'inFlight', e.in_flight, was[3])
  add_changed(written, 'generation', e.generation .. '', was[4])
  add_changed(written, 'limit', e.limit, was[5])
  add_changed(written, 'slow', e.slow and '1' or '0', was[6])
  add_changed(written, 'consecutiveFailures', e.failures, was[7])
  add_changed(written, 'failingSince', e.failing_since, was[8])
  add_changed(written, 'queuedBytes', e.bytes, was[9])
  add_changed(written, 'carries', carries_text(e), was[10] or '')
  if e.last_attempt then
    written[#written + 1], written[#written + 2] = 'lastAttempt', e.last_attempt
  end
  for field, value in pairs(e.changes or {}) do
    if value == '' then
      gone[#gone + 1] = field
    else
      written[#written + 1], written[#written + 2] = field, value
    end
  end
  if #written > 0 then
    call('HSET', key, unpack(written))
  end
  if #gone > 0 then
    call('HDEL', key, unpack(gone))
  end
end

-- Writes what became of the counts.
local function write_stats()
  local written = stats_written
  for name, by in pairs(counted) do
    local known = tonumber(stats_known[name])
    if known then
      written[#written + 1], written[#written + 2] = name, text_of(known + by)
    else
      call('HINCRBY', STATS, name, by)
    end
  end
  if turn ~= turn_read then
    written[#written + 1], written[#written + 2] = 'turn', text_of(turn)
  end
  if #written > 0 then
    call('HSET', STATS, unpack(written))
  end
end

-- Writes all changes: finished events, each endpoint, the counters, the turn.
local function flush()
  if write_refs then
    write_refs()
  end
  if write_finished then
    write_finished()
  end
  for _, e in ipairs(touched) do
    if e.is_unsettled then
      settle(e)
    end
    write_endpoint(e)
  end
  for account, counts in pairs(hourly) do
    write_hours(account, counts)
  end
  for account, bytes in pairs(freed) do
    local used = P .. 'account:' .. account .. ':bytes'
    if call('DECRBY', used, text_of(bytes)) <= 0 then
      call('DEL', used)
    end
  end
  if write_lanes then
    write_lanes()
  end
  rounds.write()
  write_stats()
end
