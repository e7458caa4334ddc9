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

-- Who may be handed deliveries of an event that has so many of them, and what it is handed; nil if nobody may.
local function handing_of(together)
  local who, sequence, free, lease, cap, at_destination, most =
    string.match(stats_kept[7] or '', '^(%w+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  if not who or together > MOST_TOGETHER then
    return nil
  end
  CAP, MOST_AT_DESTINATION = tonumber(cap), tonumber(at_destination)
  clock, reads_targets = tonumber(accepted_at), true
  return { who = who, sequence = sequence, free = tonumber(free), lease = lease, most = tonumber(most), expiry = text_of(clock + lease) }
end

-- Leases a delivery to that worker, if it can; `write_handed` writes it.
local function hand(handing, addition)
  local delivery = addition.entries[1]
  if not delivery or #handing >= handing.most or addition.bytes > LARGEST_HANDED then
    return
  end
  local e = endpoint(addition.id)
  local target = e and has_place(e, handing.free) and packed(target_of(e))
  if not target then
    return -- what can't be read of an endpoint is seen by whoever fetches the delivery
  end
  local in_flight = e.in_flight + 1
  local token = handing.who .. ':' .. handing.sequence .. 'h ' .. handing.expiry .. '|' .. shares.mark_of(e) .. '|' .. text_of(in_flight)
    .. '|' .. e.generation .. '|1|' .. text_of(addition.bytes)
  e.in_flight, e.bytes = in_flight, e.bytes + addition.bytes
  shares.take(e, 1)
  handing.free, handing.event = handing.free - 1, addition.event
  handing[#handing + 1] = { delivery = delivery, token = token, target = target, e = e }
  addition.entries = {}
end

-- Writes what was handed, and puts it where the worker waits for it: the event, and each delivery with its token and endpoint.
local function write_handed(handing)
  if #handing == 0 then
    return
  end
  local leases, tokens, sent, names = {}, {}, {}, {}
  for i, one in ipairs(handing) do
    leases[2 * i - 1], leases[2 * i] = handing.expiry, one.delivery
    tokens[2 * i - 1], tokens[2 * i] = one.delivery, one.token
    sent[i], names[i] = packed({ one.delivery, one.token, one.target }), one.delivery
  end
  -- First: whatever might fail behind this, the end of the leases brings them back.
  call('ZADD', LEASES, unpack(leases))
  call('HSET', TOKENS, unpack(tokens))
  for _, one in ipairs(handing) do
    write_endpoint(one.e)
  end
  tally.write()
  local event, key = handing.event, P .. 'handed:' .. handing.who
  local of_event = packed({ ARGV[event + ID], ARGV[event + EVENT_TYPE], ARGV[event + BODY], ARGV[event + TRACE] })
  call('RPUSH', key, packed({ handing.sequence, text_of(server_time), of_event, packed(sent) }))
  call('PEXPIRE', key, handing.lease)
  stats_changed.standby = handing.who .. ' ' .. handing.sequence .. ' handed ' .. accepted_at .. ' ' .. table.concat(names, ' ')
end

-- Leases deliveries of the one event that this call has accepted at once to a worker that stands by, as far as it can. What it leased is no
-- addition to a pending list any more.
local function hand_over(additions, together)
  local handing = handing_of(together)
  if handing then
    for _, addition in ipairs(additions) do
      hand(handing, addition)
    end
    write_handed(handing)
  end
end
