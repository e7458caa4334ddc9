-- Leases ---------------------------------------------------------------------------------------------------------

local out_endpoints, out_events, out_leases = {}, {}, {}
local endpoint_index, event_index, event_size, bytes = {}, {}, {}, 0
local expiries, new_tokens, leased = {}, {}, {}
local holder, expiry = incarnation .. ':' .. sequence_text, text_of(now + policy.lease)

-- The event's place in the answer, where it is put if it isn't there yet; nil when its payload is gone, or can't be read.
local function event_place(event)
  if not event_index[event] then
    local v = call('HMGET', P .. 'event:' .. event, 'event', 'body')
    if not v[1] or not v[2] then
      return nil
    end
    out_events[#out_events + 1] = { event, v[1], v[2] }
    event_index[event] = #out_events
    event_size[#out_events] = text_of(#v[2])
    bytes = bytes + #v[2]
  end
  return event_index[event]
end

local function endpoint_place(e)
  if not endpoint_index[e.id] then
    out_endpoints[#out_endpoints + 1] = target_of(e)
    endpoint_index[e.id] = #out_endpoints
  end
  return endpoint_index[e.id]
end

local function hand_out(e, delivery, token, attempt, place)
  leased[#leased + 1] = delivery
  out_leases[#out_leases + 1] = { delivery, token, attempt, endpoint_place(e) - 1, place - 1 }
end

-- Leases a delivery, unless its payload is gone.
local function grant(e, delivery, attempts)
  local place = event_place(event_of(delivery))
  if not place then
    exhaust(e, delivery, attempts, size_of(delivery), type_of(delivery), 'payload_missing')
    return
  end
  local attempt = attempts + 1
  e.in_flight = e.in_flight + 1
  -- An endpoint that isn't active is probed.
  local beside = e.state == 'active' and e.in_flight or 0
  local token = holder .. '|' .. shares.take(e) .. '|' .. text_of(beside) .. '|' .. e.generation .. '|' .. text_of(attempt) .. '|' .. event_size[place]
  expiries[#expiries + 1], expiries[#expiries + 2] = expiry, delivery
  new_tokens[#new_tokens + 1], new_tokens[#new_tokens + 2] = delivery, token
  hand_out(e, delivery, token, attempt, place)
end

-- Leases one entry of an endpoint's list. What can't be read is set aside, visibly; a suspect goes back to quarantine.
local function lease(e, text)
  local delivery, attempts, is_suspect = parse_entry(text)
  if not delivery or endpoint_of(delivery) ~= e.id then
    note_corrupt(e.id, text)
  elseif is_suspect then
    quarantine(e, delivery, now)
  else
    grant(e, delivery, attempts)
  end
end

