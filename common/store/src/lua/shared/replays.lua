-- replays.lua: sends again what was finished.

-- Makes an event anew that was packed, with no unfinished delivery yet. What its block has of it no longer counts: `again` says so.
local function restore(event, account, packed)
  call('HSET', event, 'body', packed.body, 'event', packed.kind, 'account', account, 'refs', 0, 'deliveries', packed.deliveries,
    'charge', packed.charge, 'acceptedAt', packed.accepted_at, 'again', packed.again + 1)
  if packed.failed then
    call('HSET', event, 'failed', packed.failed)
  end
end

-- Makes a new delivery of the event of `source`, which waits at the end of its endpoint's pending list. Returns false when the
-- payload is gone, and 'over_budget' when the account would have more than `budget` unfinished bytes (nil: no bound). `fields`
-- are pairs for the new record: `manual`, or `replay` with the replay of many that it is part of. `packed` is the event as a block
-- has it, if the caller found it in one: it counts if the block is still there, and the event isn't anywhere else.
local function send_again(e, source, delivery, budget, fields, packed)
  local event = P .. 'event:' .. event_of(source)
  local v = call('HMGET', event, 'account', 'charge', 'refs', 'event', 'failed')
  if packed and not v[1] and call('EXISTS', P .. 'block:' .. packed.block) == 1 then
    v = { e.account, packed.charge .. '', '0', packed.kind, packed.failed }
  elseif v[1] ~= e.account or call('HSTRLEN', event, 'body') == 0 then
    return false
  else
    packed = nil
  end
  if whole(v[3]) == 0 then
    local used, charge = P .. 'account:' .. e.account .. ':bytes', whole(v[2])
    if budget and whole(call('GET', used)) + charge > budget then
      return 'over_budget'
    end
    call('INCRBY', used, charge)
    if packed then
      restore(event, e.account, packed)
    else
      unfinish(event, e.account, v[5], charge)
    end
  end
  call('HINCRBY', event, 'refs', 1)
  call('HSET', P .. 'delivery:' .. delivery, 'state', 'pending', 'endpoint', e.id, 'event', event_of(source), 'type', v[4],
    'attempts', 0, 'replayOf', source, 'madeAt', read_clock(), unpack(fields))
  call('RPUSH', P .. 'pending:' .. e.id, delivery)
  e.bytes, e.is_unsettled = e.bytes + size_of(source), true
  count('deliveries')
  count('replayed')
  return true
end

-- Of an endpoint's replays of many that have ended, the last ones are kept, for a while.
local MOST_ENDED, KEPT_FOR = 20, 14 * 86400000

-- Ends a replay of many: `state` says how. What it made goes on.
local function end_replay(replay, state)
  local key = P .. 'replay:' .. replay
  local ended = P .. 'replays:' .. (call('HGET', key, 'endpoint') or '')
  call('HSET', key, 'state', state, 'finishedAt', read_clock(), 'isListed', 1)
  call('PEXPIRE', key, KEPT_FOR)
  call('ZREM', REPLAYS, replay)
  call('RPUSH', ended, replay)
  call('PEXPIRE', ended, KEPT_FOR)
  if call('LLEN', ended) > MOST_ENDED then
    call('DEL', P .. 'replay:' .. call('LINDEX', ended, 0))
    call('LTRIM', ended, -MOST_ENDED, -1)
  end
end

-- Replays of many --------------------------------------------------------------------------------------------------

-- Replays wait for their turn like other deliveries, and live traffic waits behind them, which must not take long: a step makes as
-- many of them as fill the pending list up to this length, and a few if it is longer.
local FILLED_UP_TO = 64
local function room_for_replays(e)
  local waiting = e.state == 'active' and call('LLEN', P .. 'pending:' .. e.id) or 0
  return math.min(math.max(8, FILLED_UP_TO - waiting), FILLED_UP_TO)
end

-- A replay of many, by its fields.
local function replay_job(id)
  local job, texts = {}, call('HGETALL', P .. 'replay:' .. id)
  for i = 1, #texts, 2 do
    job[texts[i]] = texts[i + 1]
  end
  return job
end

-- Whether a replay takes events of this type; `events` is `,<type>,<type>,`, and absent or empty for all.
local function is_of(events, kind)
  return not events or events == '' or string.find(events, ',' .. (kind or '') .. ',', 1, true) ~= nil
end

-- The members of a set of times that come behind a position, a time or `<time> <member>`, as pairs of position and member; and whether
-- there may be more. The member that a position names may have left the set; others of the same time stand in the order of their texts.
local MOST_AT_ONCE = 1000
local function members_after(key, position, till, most)
  local time, last = string.match(position, '^(%S+) ?(.*)$')
  local rank = last ~= '' and call('ZRANK', key, last)
  local members
  if rank then
    members = call('ZRANGE', key, rank + 1, rank + most, 'WITHSCORES')
  else
    local passed = 0
    for _, member in ipairs(last ~= '' and call('ZRANGEBYSCORE', key, time, time, 'LIMIT', 0, MOST_AT_ONCE) or {}) do
      passed = member < last and passed + 1 or passed
    end
    members = call('ZRANGEBYSCORE', key, time, '+inf', 'WITHSCORES', 'LIMIT', passed, most)
  end
  local found = {}
  for i = 1, #members, 2 do
    if tonumber(members[i + 1]) <= tonumber(till) then
      found[#found + 1] = { members[i + 1] .. ' ' .. members[i], members[i] }
    end
  end
  return found, #found == most
end

-- Where a replay of what was not delivered goes on among what was canceled, once it is through with what was exhausted.
local IN_CANCELED = '^canceled (.*)$'

-- Whether the job wants one that stands at this position: it has the type that is asked for, and was not delivered since, if that matters.
-- Replays count among them; they are left out one by one.
local function is_wanted(job, id, position, delivery)
  local canceled = string.match(position, IN_CANCELED)
  if canceled then
    local member = string.match(canceled, '^%S+ (.*)$')
    return call('ZSCORE', P .. 'canceled:' .. id, member) and is_of(job.events, string.match(member, ' (.*)$'))
  elseif job.status == 'succeeded' or job.status == 'exhausted' and (job.events or '') == '' then
    return true -- what the log says was looked at
  end
  local v = call('HMGET', record_of(delivery), 'type', 'redeliveredAt')
  return is_of(job.events, v[1]) and not (job.status == 'undelivered' and v[2])
end

-- Of what was canceled, what comes behind a position.
local function canceled_after(job, id, position, most)
  local found, has_more = members_after(P .. 'canceled:' .. id, position, job['until'], most)
  for _, source in ipairs(found) do
    local position_there = 'canceled ' .. source[1]
    local delivery = 'dlv_' .. string.sub(source[2], 1, 26) .. string.gsub(id, '^ep', '')
    source[1], source[2] = position_there, is_wanted(job, id, position_there, delivery) and delivery or nil
  end
  return found, has_more
end

-- Of what succeeded, what the stream has behind a position.
local function succeeded_after(job, id, most)
  local found = {}
  local entries = call('XRANGE', P .. 'log:' .. id, job.position, job['until'], 'COUNT', most)
  for i, logged in ipairs(entries) do
    local delivery, outcome, is_test, kind = attempt_in(logged[2])
    local is_source = outcome == 'succeeded' and not is_test and is_of(job.events, kind)
    found[i] = { '(' .. logged[1], is_source and delivery or nil }
  end
  return found, #entries == most
end

-- The finished deliveries that come behind the job's position, as pairs of position and delivery (nil: the job doesn't want it), and
-- whether there may be more.
local function sources_after(job, id, most)
  if job.status == 'succeeded' then
    return succeeded_after(job, id, most)
  end
  local in_canceled = string.match(job.position, IN_CANCELED)
  if in_canceled then
    return canceled_after(job, id, in_canceled, most)
  end
  local found, has_more = members_after(P .. 'failed:' .. id, job.position, job['until'], most)
  for _, source in ipairs(found) do
    source[2] = is_wanted(job, id, source[1], source[2]) and source[2] or nil
  end
  if has_more or job.status == 'exhausted' then
    return found, has_more
  end
  local canceled
  canceled, has_more = canceled_after(job, id, job.since, most - #found)
  for _, source in ipairs(canceled) do
    found[#found + 1] = source
  end
  return found, has_more
end

-- Sends these sources again, and moves the job on behind them. A source is {position, delivery or nil, its event if it was packed,
-- whether it may be elsewhere if it isn't where the caller found it}.
local function make_replays(id, job, e, sources, has_more)
  local made, skipped, waits = whole(job.made), whole(job.skipped), 50
  local budget = terms.of(e.account).budget or whole(job.budget)
  for _, source in ipairs(sources) do
    local position, delivery, packed, may_have_moved = unpack(source, 1, 4)
    if job.status == 'undelivered' and delivery and not is_wanted(job, e.id, position, delivery) then
      delivery = nil -- another replay of it succeeded since the caller looked
    end
    if delivery and is_replay(delivery) then
      skipped = skipped + 1 -- what it repeats is found by itself
    elseif delivery then
      local number = made + skipped
      local suffix = string.sub(id, -4) .. base32(number, 4)
      local sent = send_again(e, delivery, replay_of(delivery, suffix), budget, { 'replay', id }, packed)
      if sent == 'over_budget' then
        has_more, waits = true, 5000
        break
      elseif not sent and may_have_moved then
        has_more = true -- it was packed, or its block was written anew, since the caller looked
        break
      end
      made, skipped = sent and made + 1 or made, sent and skipped or skipped + 1
    end
    job.position = position
  end
  call('HSET', P .. 'replay:' .. id, 'position', job.position, 'made', made, 'skipped', skipped)
  if has_more then
    call('ZADD', REPLAYS, read_clock() + waits, id)
  else
    end_replay(id, 'finished')
  end
end
