-- Handing: deliveries of an event that comes alone are leased at once to a worker that stands by ---------------------------
--
-- The worker needn't ask then: the blocking pop in which it waits brings what to send, and where. `standby` in `stats` says who
-- stands by, since which of its calls, how many slots it has free, the rules of its leases, and how many it may be handed
-- (work/standby.lua). Until its next call it is handed nothing else. What has to wait for anything, or might hang, goes the way of all others.

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

-- What the worker that stands by is handed; false if nobody may be handed anything.
local handing

-- Who may be handed deliveries of an event that has so many of them.
local function handing_of(together)
  local who, sequence, free, lease, cap, at_destination, most =
    string.match(stats_kept[7] or '', '^(%w+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  if not who or together > MOST_TOGETHER then
    return false
  end
  CAP, MOST_AT_DESTINATION = tonumber(cap), tonumber(at_destination)
  clock, reads_targets = tonumber(accepted_at), true
  return { who = who, sequence = sequence, free = tonumber(free), lease = lease, most = tonumber(most), expiry = text_of(clock + lease),
    deliveries = {}, leases = {}, tokens = {}, sent = {} }
end

-- Leases a delivery at once to a worker that stands by, if it can; returns whether it does. `write_handed` writes it.
local function hand(addition, together)
  if handing == nil then
    handing = handing_of(together)
  end
  if not handing or #handing.deliveries >= handing.most or addition.bytes > LARGEST_HANDED then
    return false
  end
  local e = endpoint(addition.id)
  local target = e and has_place(e, handing.free) and packed(target_of(e))
  if not target then
    return false -- what can't be read of an endpoint is seen by whoever fetches the delivery
  end
  local delivery, in_flight, n = addition.entries[1], e.in_flight + 1, #handing.leases
  local token = handing.who .. ':' .. handing.sequence .. 'h ' .. handing.expiry .. '|' .. shares.mark_of(e) .. '|' .. text_of(in_flight)
    .. '|' .. e.generation .. '|1|' .. text_of(addition.bytes)
  e.in_flight, e.bytes = in_flight, e.bytes + addition.bytes
  shares.take(e, 1)
  write_endpoint(e)
  handing.event, handing.free = addition.event, handing.free - 1
  handing.deliveries[n / 2 + 1] = delivery
  handing.leases[n + 1], handing.leases[n + 2] = handing.expiry, delivery
  handing.tokens[n + 1], handing.tokens[n + 2] = delivery, token
  handing.sent[#handing.sent + 1] = packed({ delivery, token, target })
  return true
end

-- Writes what was handed, and puts it where the worker waits for it: the event, and each delivery with its token and endpoint.
local function write_handed()
  if not handing or not handing.event then
    return
  end
  call('ZADD', LEASES, unpack(handing.leases))
  call('HSET', TOKENS, unpack(handing.tokens))
  tally.write()
  local event, key = handing.event, P .. 'handed:' .. handing.who
  local sent = packed({ ARGV[event + ID], ARGV[event + EVENT_TYPE], ARGV[event + BODY], ARGV[event + TRACE] })
  call('RPUSH', key, packed({ handing.sequence, text_of(server_time), sent, packed(handing.sent) }))
  call('PEXPIRE', key, handing.lease)
  stats_changed.standby = handing.who .. ' ' .. handing.sequence .. ' handed ' .. accepted_at .. ' '
    .. table.concat(handing.deliveries, ' ')
end
