-- displace: the same as `accept`, for events that need room: an endpoint that holds over half of its account's bytes gives up its
-- oldest deliveries for an event that others want.
--
-- Returns what `accept` does; 'needs_room' when as many were given up as one call may, and the event needs more.
-- Guarantees: no more is given up than the event needs, and nothing for one that goes to nobody else.

-- One call gives up this many at most.
local MOST_GIVEN_UP = 100
local given_up = 0

-- Most events need the room of one or two, so the first look at an endpoint is at so few, and each further one at so many more.
local FIRST_LOOK, LOOK_FURTHER = 3, 4

-- The API doesn't know how long exhausted deliveries are kept: workers announce it (ms). Until one has, the default.
local KEPT_BY_DEFAULT = 14 * 86400000

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
  holder.place, e.gave_up, e.is_unsettled = holder.place + 1, true, true
  one.take()
  local event, attempts = call('HMGET', P .. 'event:' .. event_of(one.delivery), 'charge', 'event'), one.attempts
  local size = math.max(0, whole(event[1]) - charge_of(0))
  exhaust(e, one.delivery, attempts or attempts_in(record_of(one.delivery)), size, event[2] or '', 'endpoint_over_budget')
  holder.held = holder.held - charge_of(size)
  write_refs()
  -- What is told of it is charged at once, what was freed only at the end.
  account.used = whole(call('GET', account.bytes)) - (freed[account.id] or 0)
  return true
end

make_room = function(account, found, charge)
  SPARE = ARGV[SPARE]
  local kept = whole(call('HGET', P .. 'policy', 'retentionFailed'))
  RETENTION_FAILED = text_of(kept > 0 and math.max(60000, kept) or KEPT_BY_DEFAULT)
  while account.used + account.charged + charge > account_budget do
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

-- Writes what making room has changed.
write_room = function()
  for _, e in ipairs(touched) do
    if e.gave_up then
      set_timer(e)
    end
  end
  flush()
end
