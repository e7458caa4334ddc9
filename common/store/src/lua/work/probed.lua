-- Probes -----------------------------------------------------------------------------------------------------------

-- A delivery of a disabled endpoint was attempted to see whether it is well again (see resume.lua). The failure is no strike and
-- none of the delivery's attempts. Nor is it one if the receiver asks us to wait, which the next probe does.
local function probed(e, delivery, attempt, size, report)
  local kind = ARGV[report + KIND]
  if kind == 'S' then
    succeed(e, delivery, attempt, size, report, true)
    if resume.is_wanted(e) then
      enable(e, 'auto_resumed')
      set_route(e.id)
      releases.begin(e, string.sub(fresh_event(), 5))
      recovered(e)
    end
    return '1'
  end
  local key, attempts, reason = record_of(delivery), tonumber(attempt) - 1, ARGV[report + ERROR]
  local asked = kind == 'H' and math.min(resume.LONGEST, (pause_of(e, true, report)))
  local entry_id = log(e, delivery, attempt, asked and 'held' or 'retrying', report, asked and now + asked, true)
  local state = e.state == 'active' and 'pending' or 'retrying'
  call('HSET', key, 'state', state, 'endpoint', e.id, 'event', event_of(delivery), 'type', ARGV[report + EVENT], 'attempts',
    attempts, 'reason', reason, 'status', ARGV[report + STATUS])
  point_to(key, entry_id)
  count_hourly(e.account, asked and 'heldAttempts' or 'failedAttempts')
  if e.state == 'active' then
    call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, attempts)) -- it was switched on meanwhile
  else
    call('ZADD', P .. 'retry:' .. e.id, text_of(now), delivery)
  end
  if kind == 'F' and ARGV[report + GONE] == '1' and e.state == 'disabled' then
    call('HSET', P .. 'endpoint:' .. e.id, 'disabledReason', 'gone')
    log_state(e.id, 'disabled', 'gone')
    resume.finish(e.id)
  elseif resume.is_wanted(e) then
    resume.again(e.id, asked or 0)
  end
  return '1'
end
