-- Holds ----------------------------------------------------------------------------------------------------------

-- A receiver that gets too much says so, and perhaps for how long it wants nothing. Its endpoint is held until then: for an hour at
-- most, after which one attempt asks again. Whoever names a longer time keeps the delivery that was refused waiting for as long,
-- up to a day. Without a time it is a second at first, and twice as long each time, up to a minute.
local MOST_HELD, MOST_ASKED, FIRST_HELD, MOST_DOUBLED = 3600000, 86400000, 1000, 60000

-- The account is told of holds that are longer than this.
local TOLD_FROM = 900000

-- From this one on a delivery's holds count as failed attempts: it follows its schedule, and ends one day.
local MOST_HOLDS = 10

-- How long the receiver wants a pause (ms), and whether for longer than an endpoint is held.
local function pause_of(e, begins, report)
  local asked, jitter = tonumber(ARGV[report + ASKED]), tonumber(ARGV[report + JITTER])
  local doublings = math.min(10, begins and e.holds or math.max(0, e.holds - 1))
  local pause = asked and math.min(asked, MOST_ASKED) or math.min(MOST_DOUBLED, FIRST_HELD * 2 ^ doublings)
  return math.floor(pause * (1 + jitter / 10)), pause > MOST_HELD
end

-- Holds an endpoint. What was in flight with the attempt that begins a hold belongs to the generation before: it may lengthen the
-- hold, and strikes no more. A shorter wish doesn't shorten it.
local function hold_endpoint(e, held_until, begins, reason)
  if begins then
    e.holds = e.holds + 1
    e.generation = text_of(e.generation + 1)
    set(e, 'holds', text_of(e.holds))
    slow_start(e)
  end
  if held_until > e.held_until then
    if held_until - now > TOLD_FROM and e.held_until - now <= TOLD_FROM then
      tell('endpoint.held', e, function()
        return ',"heldUntil":"' .. time_text(held_until) .. '","reason":' .. cjson.encode(reason)
      end)
    end
    e.held_until = held_until
    set(e, 'heldUntil', text_of(held_until))
  end
end

-- The receiver refused an attempt because it gets too much: that holds its endpoint, if the attempt belongs to its present generation,
-- or to the one before a hold. It is a strike if it begins the hold, and none of the delivery's attempts. The delivery returns
-- to the front of its list, which is served when the hold ends.
local function refused(e, delivery, attempt, size, generation, is_manual, was_suspect, report)
  local did_count, kind, code = counts_attempts(e), ARGV[report + EVENT], ARGV[report + ERROR]
  local begins = did_count and generation == e.generation
  local lengthens = did_count and not begins and e.held_until > 0 and tonumber(generation) == e.generation - 1
  local pause, is_long = pause_of(e, begins, report)
  local held_until = now + (is_long and MOST_HELD or math.min(MOST_HELD, pause))
  local key = record_of(delivery)
  local known = call('HMGET', key, 'holds', 'log')
  local holds = whole(known[1]) + 1
  local is_counted, retry_in = holds >= MOST_HOLDS, tonumber(ARGV[report + RETRY_IN]) -- nil: that was the last attempt
  local due
  if is_counted then
    due = retry_in and now + retry_in
  elseif is_long then
    due = now + pause
  end
  local outcome = not is_counted and 'held' or due and 'retrying' or 'exhausted'
  local logged = log(e, delivery, attempt, outcome, report, math.max(held_until, e.held_until, due or 0))
  count_hourly(e.account, 'heldAttempts')
  local is_strike = begins and not is_manual
  if is_counted then
    note_recent(e, ARGV[report + MS], failure_of(report))
  elseif is_strike then
    note_error(e, failure_of(report))
  end
  if is_strike then
    strike(e, code)
    forward.struck(e, delivery)
  end
  if counts_attempts(e) and (begins or lengthens) then
    hold_endpoint(e, held_until, begins, 'http ' .. ARGV[report + STATUS])
  end
  if outcome == 'exhausted' then
    exhaust(e, delivery, attempt, size, kind, code, logged)
  else
    local attempts = is_counted and tonumber(attempt) or attempt - 1
    call('HSET', key, 'state', due and 'retrying' or 'pending', 'endpoint', e.id, 'event', event_of(delivery), 'type', kind,
      'attempts', text_of(attempts), 'holds', text_of(holds), 'reason', code, 'status', ARGV[report + STATUS], 'log',
      entries_with(known[2], logged))
    if was_suspect then
      acquit(key)
    end
    if due then
      call('HSET', key, 'nextAttemptAt', text_of(due))
      call('ZADD', P .. 'retry:' .. e.id, text_of(due), delivery)
      operator_events.of_last(e, delivery, attempts + 1, due)
      if e.state == 'active' then
        set_timer(e)
      end
    else
      call('HDEL', key, 'nextAttemptAt')
      call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, attempts))
    end
  end
  return did_count and e.state == 'disabled' and '2' or '1'
end
