-- parked.lua: what waits at an endpoint that isn't active, oldest first.
--
-- The time of a retry means nothing there, since switching on releases all retries together. So upkeep puts what is parked in the
-- order of acceptance: it scores retries by when they were accepted, in seconds, which are below any time in milliseconds, and
-- moves what was tried from the pending list to them. The list is then in order by itself, but for what a worker gave back
-- untried: that is among its first.

-- Scores from here on are times in milliseconds.
local MILLISECONDS = 100000000000

-- The time in a delivery's id: when the API made its event (ms).
local function time_in(delivery)
  local time = 0
  for place = 5, 14 do
    time = time * 32 + (string.find(DIGITS, string.sub(delivery, place, place), 1, true) or 1) - 1
  end
  return time
end

-- What is read of the event of a delivery that waits.
local function read_event(delivery)
  return call('HMGET', P .. 'event:' .. event_of(delivery), 'acceptedAt', 'charge', 'event')
end

-- Since when a delivery waits (ms): when its event was accepted, or when a replay was asked for. Returns the event, too, if it was
-- read for that.
local function waits_since(delivery)
  local since, event = is_replay(delivery) and whole(call('HGET', P .. 'delivery:' .. delivery, 'madeAt')) or 0, nil
  if since == 0 then
    event = read_event(delivery)
    since = whole(event[1])
  end
  return since > 0 and since or time_in(delivery), event
end

-- The size of the payload of one that waits, and the type of its event.
local function contents_of(one)
  local event = one.event or read_event(one.delivery)
  return math.max(0, whole(event[2]) - charge_of(0)), event[3] or ''
end

-- Puts a delivery that waited for a retry where it is parked.
local function park(id, delivery)
  call('ZADD', P .. 'retry:' .. id, string.format('%.3f', waits_since(delivery) / 1000), delivery)
end

-- Moves what was tried before from the pending list to the retries, from the end of the list on. `inOrder` is how many at its end
-- have been looked at and stay, or `all`. Returns whether all have. What is moved is overwritten first and then taken out in one
-- go, which has to pass what stays behind it.
local MOVED = 'moved'
local function move_tried(id, most)
  local key, pending = P .. 'endpoint:' .. id, P .. 'pending:' .. id
  local stay = call('HGET', key, 'inOrder')
  if stay == 'all' then
    return true
  end
  stay = whole(stay)
  local texts, moved = call('LRANGE', pending, -stay - 5 * most, -stay - 1), 0
  local is_all = #texts < 5 * most
  for i = #texts, 1, -1 do
    local delivery, attempts = parse_entry(texts[i])
    if delivery and attempts == 0 then
      stay = stay + 1
    elseif moved == most then
      is_all = false
      break
    else
      moved = moved + 1
      call('LSET', pending, -stay - moved, MOVED)
      if delivery then
        call('HSET', record_of(delivery), 'state', 'retrying', 'attempts', attempts)
        park(id, delivery)
      else
        note_corrupt(id, texts[i])
      end
    end
  end
  if moved > 0 then
    call('LREM', pending, -moved, MOVED)
  end
  call('HSET', key, 'inOrder', is_all and 'all' or stay)
  return is_all
end

-- Scores retries by when they were accepted. Returns whether all are.
local function score_retries(id, most)
  local retry = P .. 'retry:' .. id
  local found = call('ZRANGEBYSCORE', retry, MILLISECONDS, '+inf', 'LIMIT', 0, most)
  for _, delivery in ipairs(found) do
    if parse_entry(delivery) then
      park(id, delivery)
    else
      call('ZREM', retry, delivery)
      note_corrupt(id, delivery)
    end
  end
  return #found < most
end

-- The oldest that wait at an endpoint, oldest first: each with what takes it out of its place. What is parked is in order (see
-- above). At an active endpoint retries stand in the order of their times: the oldest, which have failed most often, are mostly
-- those that are due last, so both ends are looked at.
local LOOKED_AT = 100
local function oldest_waiting(id, most)
  local found, pending, retry = {}, P .. 'pending:' .. id, P .. 'retry:' .. id
  local function add(text, is_entry, since, take)
    local delivery, attempts, is_suspect = parse_entry(text)
    if delivery then
      local event
      if not since then
        since, event = waits_since(delivery)
      end
      found[#found + 1] = {
        delivery = delivery, is_suspect = is_suspect, take = take, since = since, place = #found, event = event,
        attempts = is_entry and attempts or nil, -- others count them in their record
      }
    else
      take()
      note_corrupt(id, text)
    end
  end
  for _, text in ipairs(call('LRANGE', pending, 0, most - 1)) do
    add(text, true, nil, function()
      call('LREM', pending, 1, text)
    end)
  end
  local function add_retries(from, to)
    local members = call('ZRANGE', retry, from, to, 'WITHSCORES')
    for i = 1, #members, 2 do
      local score = tonumber(members[i + 1])
      add(members[i], false, score < MILLISECONDS and math.floor(score * 1000 + 0.5), function()
        call('ZREM', retry, members[i])
      end)
    end
    return tonumber(members[#members]) or 0
  end
  if add_retries(0, most - 1) >= MILLISECONDS then
    add_retries(math.max(most, call('ZCARD', retry) - most), -1)
  end
  -- Of those that were accepted together, the event that was made first; then as they stand in line.
  table.sort(found, function(one, other)
    if one.since ~= other.since then
      return one.since < other.since
    end
    local made, other_made = string.sub(one.delivery, 1, 14), string.sub(other.delivery, 1, 14)
    return made < other_made or made == other_made and one.place < other.place
  end)
  return found
end

-- Exhausts what is parked at an endpoint for too long, or takes too much space: oldest first, `most` of them, up to LOOKED_AT.
-- No age is believed before `age_hold`. Returns how many, and when to look again: at once while there is more, when the next one
-- will be too old, or in an hour (RETENTION_FAILED may change).
local function exhaust_parked(e, now, most, age_hold)
  if not score_retries(e.id, LOOKED_AT) or not move_tried(e.id, LOOKED_AT) then
    return 0, now
  end
  -- The service's limit is noted once it is exceeded; one of the account's own counts at once, also a higher one.
  local limit = terms.of(e.account).parked or tonumber(call('HGET', P .. 'endpoint:' .. e.id, 'parkedLimit'))
  local exhausted, next_look = 0, now + (e.in_flight > 0 and 60000 or 3600000)
  for _, one in ipairs(oldest_waiting(e.id, LOOKED_AT)) do
    local left = RETENTION_FAILED - age_of(one.since)
    local is_too_old = left < 0 and now >= age_hold
    if not is_too_old and not (limit and e.bytes > limit) then
      operator_events.of_parked(e, one.delivery, left)
      return exhausted, math.min(next_look, math.max(age_hold, now + left + 1))
    elseif exhausted == most then
      return exhausted, now
    end
    one.take()
    local size, kind = contents_of(one)
    exhaust(e, one.delivery, one.attempts or attempts_in(record_of(one.delivery)), size, kind,
      is_too_old and 'parked_too_long' or 'parked_overflow')
    exhausted = exhausted + 1
  end
  return exhausted, exhausted > 0 and now or next_look
end
