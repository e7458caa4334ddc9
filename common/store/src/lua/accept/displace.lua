-- displace: the same as `accept`, for events that need room: an endpoint that holds over half of its account's bytes gives up its
-- oldest deliveries for an event that others want.
--
-- Returns what `accept` does; 'needs_room' when as many were given up as one call may, and the event needs more. The last word is
-- 'made_room' if anything was given up.
-- Guarantees: no more is given up than the event needs, and nothing for one that goes to nobody else.

-- One call gives up this many at most.
local MOST_GIVEN_UP = 100
local given_up = 0

-- Most events need the room of one or two, so the first look at an endpoint is at so few, and each further one at so many more.
local FIRST_LOOK, LOOK_FURTHER = 3, 4

-- The API doesn't know how long exhausted deliveries are kept: workers announce it (ms). Until one has, the default.
local KEPT_BY_DEFAULT = 14 * 86400000

-- What making room needs to know is read once in a call. The time is the one that was looked at already, unless the clock went back:
-- then it is looked at again, and that is noted.
local is_prepared = false
local function prepare()
  if is_prepared then
    return
  end
  is_prepared, SPARE = true, ARGV[SPARE]
  local policy = call('HMGET', P .. 'policy', 'retentionFailed', 'logLength')
  local kept = whole(policy[1])
  RETENTION_FAILED = text_of(kept > 0 and math.max(60000, kept) or KEPT_BY_DEFAULT)
  LOG_LENGTH = policy[2] or '1000'
  if not clock and clock_back == 0 then
    clock, turn_read = tonumber(accepted_at), tonumber(stats_kept[4]) or 0
    turn, stats_known.exhausted = turn_read, stats_kept[9]
    stats_written[1], stats_written[2] = 'clockRaw', text_of(clock_found)
  end
end

-- Gives up what has waited longest at an endpoint; returns false when nothing waits (what is in flight stays). An event that others
-- still want frees nothing yet: they hold it as well, and if they hold as much, it is their turn next.
local function give_up_oldest(account, holder)
  if not holder.waiting or holder.place == #holder.waiting then
    holder.look = math.min(LOOKED_AT, holder.look and holder.look * LOOK_FURTHER or FIRST_LOOK)
    holder.waiting, holder.place = oldest_waiting(holder.id, holder.look), 0
  end
  local e, one = endpoint(holder.id), holder.waiting[holder.place + 1]
  if not e or not one then
    return false
  end
  holder.place, e.gave_up, e.gave_up_retry = holder.place + 1, true, e.gave_up_retry or not one.attempts
  one.take()
  watchers_of(account.id, account.routes)
  local told_before, size, kind = spares, contents_of(one)
  exhaust(e, one.delivery, one.attempts or attempts_in(record_of(one.delivery)), size, kind, 'endpoint_over_budget')
  holder.held = holder.held - charge_of(size)
  write_refs()
  -- What is told of it is charged at once, what was freed only at the end.
  account.stored = spares > told_before and whole(call('GET', account.bytes)) or account.stored or account.used
  account.used = account.stored - (freed[account.id] or 0)
  return true
end

make_room = function(account, found, charge)
  prepare()
  while account.used + account.charged + charge > account.budget do
    local holder = who_makes_room(account, found)
    if not holder then
      return 'over_budget'
    elseif given_up == MOST_GIVEN_UP then
      return 'needs_room'
    elseif give_up_oldest(account, holder) then
      given_up = given_up + 1
    else
      holder.held = 0 -- the rest is in flight
    end
  end
end

-- Writes what making room has changed. Whoever still has something pending stands where it stood.
write_room = function(answers)
  for _, e in ipairs(touched) do
    if e.gave_up_retry then
      set_timer(e)
    end
    e.is_unsettled = e.is_unsettled or e.gave_up and call('LLEN', P .. 'pending:' .. e.id) == 0
  end
  flush()
  are_counts_stale = spares > 0
  if given_up > 0 then
    answers[#answers + 1] = 'made_room'
  end
end
