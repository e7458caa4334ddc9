-- forward.lua: brings an endpoint's retries forward, once it seems well or its owner wants them now.
--
-- `forward` of the endpoint is the job: `<better|hand> <spread (ms)> <score after which it goes on>[ <delivery with that score>]`.
-- Upkeep works through it in steps (`chores`). What is brought forward comes within `spread`, each delivery at a moment that
-- follows from its id. `better` takes what waits for trouble that passes, and each delivery once, so that an event which breaks
-- its receiver doesn't burn its attempts; `hand` takes all.

-- One name for all of it: a script may have 200 local variables.
local forward = {}
do
  -- The time over which retries are spread (ms). A few that somebody asks for come sooner.
  local SPREAD, SPREAD_OF_ONE = 60000, 100

  -- Failures that pass: the receiver could not be reached, was too slow, or said that it was in trouble.
  local PASSES = { connect = true, dns = true, timeout = true }

  -- A streak remembers up to three of the events that it struck.
  local THREE_EVENTS = 80

  -- A failed attempt of this delivery has just counted as a strike.
  forward.struck = function(e, delivery)
    local key, event = P .. 'endpoint:' .. e.id, string.sub(delivery, 5, 30)
    local struck = e.failures > 1 and call('HGET', key, 'struck') or ''
    if #struck < THREE_EVENTS and not string.find(struck, event, 1, true) then
      call('HSET', key, 'struck', struck == '' and event or struck .. ' ' .. event)
    end
  end

  -- Begins to bring forward what waits, unless that is under way. Returns how many wait.
  forward.begin = function(id, how)
    local key, waiting = P .. 'endpoint:' .. id, call('ZCARD', P .. 'retry:' .. id)
    local running = call('HGET', key, 'forward')
    if waiting == 0 or how == 'better' and running and string.sub(running, 1, 4) == 'hand' then
      return waiting
    end
    local spread = how == 'hand' and math.min(SPREAD, SPREAD_OF_ONE * waiting) or SPREAD
    call('HSET', key, 'forward', string.format('%s %d %d', how, spread, read_clock() + spread))
    call('ZADD', P .. 'chores', text_of(read_clock()), 'forward ' .. id)
    return waiting
  end

  -- A success is about to end the streak. If different deliveries had failed, it was the endpoint's trouble, and that is over.
  forward.streak_ends = function(e)
    if e.failures >= 3 and #(call('HGET', P .. 'endpoint:' .. e.id, 'struck') or '') >= THREE_EVENTS then
      forward.begin(e.id, 'better')
    end
  end

  -- The next retries behind the job's place, as pairs of delivery and score.
  local function retries_after(retry, score, member, most)
    local rank = member ~= '' and tonumber(call('ZSCORE', retry, member)) == tonumber(score) and call('ZRANK', retry, member)
    if rank then
      return call('ZRANGE', retry, rank + 1, rank + most, 'WITHSCORES')
    end
    return call('ZRANGEBYSCORE', retry, member == '' and '(' .. score or score, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
  end

  -- Whether a delivery that waits may be brought forward because things are better.
  local function may_come_forward(record)
    local v = call('HMGET', record, 'reason', 'status', 'forwarded')
    local status = whole(v[2])
    return not v[3] and (PASSES[v[1]] or v[1] == 'http_status' and (status == 429 or status >= 500))
  end

  -- One step of a job: looks at `most` retries. Returns whether the job is done.
  forward.step = function(e, most)
    local key, retry, now = P .. 'endpoint:' .. e.id, P .. 'retry:' .. e.id, read_clock()
    local how, spread, score, member = string.match(call('HGET', key, 'forward') or '', '^(%l+) (%d+) (%S+) ?(%S*)$')
    local found = how and e.state == 'active' and retries_after(retry, score, member, most) or {}
    local moved = {}
    for i = 1, #found, 2 do
      local delivery, record = found[i], record_of(found[i])
      -- Six of the random characters of its event's id say when it comes.
      local place = 0
      for j = 17, 22 do
        place = place * 32 + (string.find(DIGITS, string.sub(delivery, j, j), 1, true) or 1) - 1
      end
      local due = now + math.floor(spread * place / 32 ^ 6)
      if due < tonumber(found[i + 1]) and (how == 'hand' or may_come_forward(record)) then
        moved[#moved + 1], moved[#moved + 2] = text_of(due), delivery
        if call('HEXISTS', record, 'state') == 1 then
          call('HSET', record, 'nextAttemptAt', text_of(due))
        end
        if how == 'better' then
          call('HSET', record, 'forwarded', '1')
        end
      end
    end
    if #moved > 0 then
      call('ZADD', retry, 'XX', unpack(moved))
      count('broughtForward', #moved / 2)
      set_timer(e)
    end
    if #found < 2 * most then
      call('HDEL', key, 'forward')
      call('ZREM', P .. 'chores', 'forward ' .. e.id)
      return true
    end
    call('HSET', key, 'forward', string.format('%s %s %s %s', how, spread, found[#found], found[#found - 1]))
    return false
  end
end
