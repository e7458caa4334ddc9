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

-- The finished deliveries that come after the job's position, as pairs of position and delivery, and whether there may be more.
local function sources_after(job, id, most)
  local found = {}
  if job.status == 'exhausted' then
    local key = P .. 'failed:' .. id
    local score, member = string.match(job.position, '^(%S+) ?(%S*)$')
    local rank = member ~= '' and call('ZRANK', key, member)
    local members = rank and call('ZRANGE', key, rank + 1, rank + most, 'WITHSCORES')
      or call('ZRANGEBYSCORE', key, member == '' and score or '(' .. score, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
    for i = 1, #members, 2 do
      if tonumber(members[i + 1]) <= tonumber(job['until']) then
        found[#found + 1] = { members[i + 1] .. ' ' .. members[i], members[i] }
      end
    end
    return found, #members == 2 * most and #found == most
  end
  local entries = call('XRANGE', P .. 'log:' .. id, job.position, job['until'], 'COUNT', most)
  for _, logged in ipairs(entries) do
    local delivery, outcome, is_test = attempt_in(logged[2])
    found[#found + 1] = { '(' .. logged[1], outcome == 'succeeded' and not is_test and delivery or nil }
  end
  return found, #entries == most
end

-- Sends these sources again, and moves the job on behind them. A source is {position, delivery or nil, its event if it was packed,
-- whether it may be elsewhere if it isn't where the caller found it}.
local function make_replays(id, job, e, sources, has_more)
  local made, skipped, waits = whole(job.made), whole(job.skipped), 50
  for _, source in ipairs(sources) do
    local position, delivery, packed, may_have_moved = unpack(source, 1, 4)
    if delivery and is_replay(delivery) then
      skipped = skipped + 1 -- what it repeats is found by itself
    elseif delivery then
      local number = made + skipped
      local suffix = string.sub(id, -4) .. base32(number, 4)
      local sent = send_again(e, delivery, replay_of(delivery, suffix), whole(job.budget), { 'replay', id }, packed)
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
