-- Handing: a delivery that comes alone while a worker rests is leased to it at once ------------------------------------------
--
-- The worker needn't ask then: the blocking pop in which it waits brings what to send, and where. `resting` in `stats` says who rests,
-- in which of its calls it said so, how many slots it has free, and the rules of its leases (work/resting.lua); behind that, when it was
-- handed what. It is handed one delivery until its next call. What has to wait for anything, or might hang, goes the way of all others.

-- A larger payload is fetched (bytes).
local LARGEST_HANDED = 16384

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

-- Whether an endpoint may have an attempt more at once, before anybody else.
local function has_place(e, free)
  if call('EXISTS', P .. 'pending:' .. e.id) == 1 or shares.room(e, free, 0) < 1 or e.may_hang then
    return false
  end
  for i = 1, 3 do
    if places[e.names[i]].waits then
      return false
    end
  end
  return true
end

hand = function(addition)
  local who, sequence, free, lease, cap, at_destination =
    string.match(stats_kept[7] or '', '^(%w+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
  if not who or addition.bytes > LARGEST_HANDED then
    return false
  end
  CAP, MOST_AT_DESTINATION = tonumber(cap), tonumber(at_destination)
  clock, reads_targets = tonumber(accepted_at), true
  local e = endpoint(addition.id)
  if not e or e.state ~= 'active' or e.slow or e.rate or served_from(e) > clock or e.in_flight >= cap_of(e) or not has_place(e, tonumber(free)) then
    return false
  end
  local event, delivery, expiry = addition.event, addition.entries[1], text_of(clock + lease)
  local in_flight = e.in_flight + 1
  local token = who .. ':' .. sequence .. 'h ' .. expiry .. '|' .. shares.mark_of(e) .. '|' .. text_of(in_flight) .. '|' .. e.generation
    .. '|1|' .. text_of(addition.bytes)
  local target = target_of(e)
  local target = packed(target_of(e))
  if not target then
    return false -- what is stored of the endpoint can't be read: whoever fetches the delivery sets it aside
  end
  local sent = packed({ ARGV[event + ID], ARGV[event + EVENT_TYPE], ARGV[event + BODY], ARGV[event + TRACE] })
  e.in_flight, e.bytes = in_flight, e.bytes + addition.bytes
  shares.take(e, 1)
  call('ZADD', LEASES, expiry, delivery)
  call('HSET', TOKENS, delivery, token)
  write_endpoint(e)
  tally.write()
  call('RPUSH', P .. 'handed:' .. who, packed({ sequence, text_of(server_time), delivery, token, target, sent }))
  stats_changed.resting = who .. ' ' .. sequence .. ' handed ' .. accepted_at .. ' ' .. delivery
  return true
end
