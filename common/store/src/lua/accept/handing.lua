-- Handing: a delivery of an event that comes alone is leased at once to a worker that stands by --------------------------
--
-- The worker needn't ask then: the blocking pop in which it waits brings what to send, and where. `standby` in `stats` says who
-- stands by, since which of its calls, how many slots it has free, and the rules of its leases (work/standby.lua). Until its next
-- call it is handed nothing else. What has to wait for anything, or might hang, goes the way of all others.

-- A larger payload is fetched (bytes), and so is an event with more deliveries.
local LARGEST_HANDED, MOST_TOGETHER = 16384, 4

-- Fields one after the other, each behind its length; nil if one is missing.
local function packed(fields)
  local texts = {}
  for i = 1, #fields do
    local field = fields[i] and fields[i] .. ''
    if not field then
      return nil
    end
    texts[i] = text_of(#field) .. ':' .. field
  end
  return table.concat(texts)
end

-- Whether an endpoint may have an attempt more at once, so that nobody who waits is passed by.
local function has_place(e, free)
  if e.state ~= 'active' or e.slow or e.rate or served_from(e) > clock or e.in_flight >= limit_of(e, free) then
    return false
  elseif call('EXISTS', P .. 'pending:' .. e.id) == 1 or shares.room(e, free, 0) < 1 or e.may_hang then
    return false
  end
  for i = 1, 3 do
    if places[e.names[i]].waits then
      return false
    end
  end
  return true
end

-- Leases a delivery at once to a worker that stands by, if it can; returns whether it did.
local function hand(addition, together)
  local who, sequence, free, lease, cap, at_destination =
    string.match(stats_kept[7] or '', '^(%w+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  if not who or addition.bytes > LARGEST_HANDED or together > MOST_TOGETHER or stats_changed.standby then
    return false
  end
  CAP, MOST_AT_DESTINATION = tonumber(cap), tonumber(at_destination)
  clock, reads_targets = tonumber(accepted_at), true
  local e = endpoint(addition.id)
  local target = e and has_place(e, tonumber(free)) and packed(target_of(e))
  if not target then
    return false -- what can't be read of an endpoint is seen by whoever fetches the delivery
  end
  local event, delivery, expiry = addition.event, addition.entries[1], text_of(clock + lease)
  local in_flight = e.in_flight + 1
  local token = who .. ':' .. sequence .. 'h ' .. expiry .. '|' .. shares.mark_of(e) .. '|' .. text_of(in_flight) .. '|' .. e.generation
    .. '|1|' .. text_of(addition.bytes)
  local sent = packed({ ARGV[event + ID], ARGV[event + EVENT_TYPE], ARGV[event + BODY], ARGV[event + TRACE] })
  e.in_flight, e.bytes = in_flight, e.bytes + addition.bytes
  shares.take(e, 1)
  call('ZADD', LEASES, expiry, delivery)
  call('HSET', TOKENS, delivery, token)
  write_endpoint(e)
  tally.write()
  local key = P .. 'handed:' .. who
  call('RPUSH', key, packed({ sequence, text_of(server_time), delivery, token, target, sent }))
  call('PEXPIRE', key, lease)
  stats_changed.standby = who .. ' ' .. sequence .. ' handed ' .. accepted_at .. ' ' .. delivery
  return true
end
