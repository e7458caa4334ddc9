-- Leases ---------------------------------------------------------------------------------------------------------

local out_endpoints, out_events, out_leases = {}, {}, {}
local event_index, event_size, bytes = {}, {}, 0
local expiries, new_tokens, leased, leased_count = {}, {}, {}, 0
local holder, expiry = incarnation .. ':' .. sequence_text, text_of(now + policy.lease)

-- What the tokens of this call begin with. With the time, a token is too long for the lists in which Redis keeps small hashes and which
-- it searches from their beginning.
local token_start = holder .. ' ' .. expiry .. '|'

-- The event's place in the answer, where it is put if it isn't there yet; nil when its payload is gone, or can't be read.
local function event_place(event)
  if not event_index[event] then
    local v = call('HMGET', P .. 'event:' .. event, 'event', 'body', 'trace')
    if not v[1] or not v[2] then
      return nil
    end
    out_events[#out_events + 1] = { event, v[1], v[2], v[3] or nil }
    event_index[event] = #out_events
    event_size[#out_events] = '|' .. text_of(#v[2])
    bytes = bytes + #v[2]
  end
  return event_index[event]
end

-- Puts an endpoint into the answer; returns its place there.
local function endpoint_place(e)
  local place = #out_endpoints + 1
  out_endpoints[place], e.place = target_of(e), place
  return place
end

local function hand_out(e, delivery, token, attempt, place)
  local n = 5 * leased_count
  leased_count = leased_count + 1
  leased[leased_count] = delivery
  out_leases[n + 1], out_leases[n + 2], out_leases[n + 3] = delivery, token, attempt
  out_leases[n + 4], out_leases[n + 5] = (e.place or endpoint_place(e)) - 1, place - 1
end

-- Leases a delivery whose event stands at a place of the answer. The caller counts it (`shares.take`).
local function grant_at(place, e, delivery, attempt)
  local in_flight, n = e.in_flight + 1, #expiries
  e.in_flight = in_flight
  -- An endpoint that isn't active is probed.
  local beside = e.state == 'active' and in_flight or 0
  local begins = e.token_begins
  if not begins then
    begins, e.token_goes_on = token_start .. shares.mark_of(e) .. '|', '|' .. e.generation .. '|'
    e.token_begins = begins
  end
  local token = begins .. text_of(beside) .. e.token_goes_on .. (attempt == 1 and '1' or text_of(attempt)) .. event_size[place]
  expiries[n + 1], expiries[n + 2] = expiry, delivery
  new_tokens[n + 1], new_tokens[n + 2] = delivery, token
  hand_out(e, delivery, token, attempt, place)
end

-- Leases a delivery, unless its payload is gone.
local function grant(e, delivery, attempts)
  local event = event_of(delivery)
  local place = event_place(event)
  if place then
    grant_at(place, e, delivery, attempts + 1)
  elseif call('HEXISTS', P .. 'event:' .. event, 'erased') == 1 then
    cancel(e, delivery, size_of(delivery), 'erased')
  else
    exhaust(e, delivery, attempts, size_of(delivery), type_of(delivery), 'payload_missing')
  end
end

-- The place in the answer of the event that an entry begins with, by its first 30 characters; nil if they are no such thing.
local known_starts = {}
local function place_by(start)
  local place = known_starts[start]
  if place == nil then
    place = string.sub(start, 1, 4) == 'dlv_' and event_place('evt_' .. string.sub(start, 5))
    known_starts[start] = place or false
  end
  return place
end

-- Leases one entry of an endpoint's list. What can't be read is set aside, visibly; a suspect goes back to quarantine. Nearly all are
-- first attempts: an event's id and the endpoint's, if there are both, are a delivery's id.
local function lease(e, text)
  e.tail = e.tail or string.sub(e.id, 3)
  local place = #text == ID_LENGTH and string.sub(text, 31) == e.tail and place_by(string.sub(text, 1, 30))
  if place then
    grant_at(place, e, text, 1)
    return
  end
  local delivery, attempts, is_suspect = parse_entry(text)
  if not delivery or endpoint_of(delivery) ~= e.id then
    note_corrupt(e.id, text)
  elseif is_suspect then
    quarantine(e, delivery, now)
  else
    grant(e, delivery, attempts)
  end
end

