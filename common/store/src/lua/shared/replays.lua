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
