-- Failures -------------------------------------------------------------------------------------------------------

-- A failed attempt: the strike on its endpoint, if it counts; then the delivery's next attempt, or its end.
local function fail(e, delivery, attempt, size, counts, was_suspect, report)
  local kind, reason, did_count = ARGV[report + EVENT], ARGV[report + ERROR], counts_attempts(e)
  local wait = tonumber(ARGV[report + RETRY_IN]) -- nil: that was the last attempt
  local entry = log(e, delivery, attempt, wait and 'retrying' or 'exhausted', report)
  if counts then
    strike(e, reason, ARGV[report + GONE] == '1')
    forward.struck(e, delivery)
    if reason == 'timeout' then
      drowned(e)
    end
    local rest = tonumber(ARGV[report + REST])
    if rest and now + rest > e.paced_until then
      e.paced_until = now + rest
      set(e, 'pacedUntil', text_of(e.paced_until))
    end
  end
  count_hourly(e.account, 'failedAttempts')
  if not wait then
    exhaust(e, delivery, attempt, size, kind, reason, entry)
  else
    local due, key = text_of(now + wait), record_of(delivery)
    call('HSET', key, 'state', 'retrying', 'endpoint', e.id, 'event', event_of(delivery), 'type', kind, 'attempts', attempt,
      'nextAttemptAt', due, 'reason', reason, 'status', ARGV[report + STATUS], 'log', entries_with(call('HGET', key, 'log'), entry))
    if was_suspect then
      acquit(key)
    end
    operator_events.of_last(e, delivery, attempt + 1, now + wait)
    call('ZADD', P .. 'retry:' .. e.id, due, delivery)
    if e.state == 'active' and e.held_until <= now then
      write_timer('ZADD', 'LT', due, e.id)
    end
  end
  return did_count and e.state == 'disabled' and '2' or '1'
end
