-- Given back -----------------------------------------------------------------------------------------------------

-- No attempt was made: the delivery is as good as before. Without a wait (ms) it is in front again at once; with one it waits among
-- the retries.
local function give_back(e, delivery, attempts, was_suspect, wait)
  if was_suspect then
    quarantine(e, delivery, now + wait)
  elseif wait == 0 or e.state ~= 'active' then
    call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, attempts))
  else
    local due = text_of(now + wait)
    call('HSET', record_of(delivery), 'state', 'retrying', 'endpoint', e.id, 'event', event_of(delivery), 'attempts',
      text_of(attempts), 'nextAttemptAt', due)
    call('ZADD', P .. 'retry:' .. e.id, due, delivery)
    set_timer(e)
  end
  return '1'
end
