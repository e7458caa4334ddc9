-- replays.lua: sends again what was finished.

-- Makes a new delivery of the event of `source`, which waits at the end of its endpoint's pending list. Returns false when the
-- payload is gone, and 'over_budget' when the account would have more than `budget` unfinished bytes (nil: no bound). `fields`
-- are pairs for the new record: `manual`, or `replay` with the replay of many that it is part of.
local function send_again(e, source, delivery, budget, fields)
  local event = P .. 'event:' .. event_of(source)
  local v = call('HMGET', event, 'account', 'charge', 'refs', 'event', 'failed')
  if v[1] ~= e.account or call('HSTRLEN', event, 'body') == 0 then
    return false
  end
  if whole(v[3]) == 0 then
    local used, charge = P .. 'account:' .. e.account .. ':bytes', whole(v[2])
    if budget and whole(call('GET', used)) + charge > budget then
      return 'over_budget'
    end
    call('INCRBY', used, charge)
    unfinish(event, e.account, v[5], charge)
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
