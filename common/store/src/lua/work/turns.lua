-- Whether a probe of an endpoint that isn't active is offered and not under way.
local function is_probe_offered(e)
  local probe = e.state == 'disabled' and call('HGET', P .. 'endpoint:' .. e.id, 'probe')
  return probe and call('HEXISTS', TOKENS, probe) == 0
end

-- Serves the endpoint whose turn it is; false when nobody has one.
local ready_count = want > 0 and lanes.count(READY) + lanes.count(READY_SLOW) or 0
local quantum = math.max(4, math.ceil(want / math.max(1, ready_count)))
local function serve_next()
  local lane, id, turn = READY, lanes.head(READY)
  if want_slow > 0 then
    local slow_id, slow_turn = lanes.head(READY_SLOW)
    if slow_id and (not id or slow_turn < turn) then
      lane, id, turn = READY_SLOW, slow_id, slow_turn
    end
  end
  if not id then
    return false
  end
  lanes.serve(lane, turn)
  local e = endpoint(id)
  local free, waits_for = 0, nil
  local waits = e and served_from(e) > now
  if e and e.state == 'active' and not waits then
    -- Each one that is handed out leaves a slot less to all others.
    local fair = math.ceil((math.max(1, free_slots / 2) - e.in_flight) / 1.5)
    free = math.min(cap_of(e) - e.in_flight, fair, quantum, want, paced(e))
    if free > 0 then
      local room
      room, waits_for = shares.room(e, free_slots, free_slow)
      free = math.min(free, room)
    end
  elseif e and is_probe_offered(e) then
    free = math.min(1, (shares.room(e, free_slots, free_slow)))
  end
  if lane == READY_SLOW then
    free = math.min(free, want_slow)
  end
  local pending = P .. 'pending:' .. id
  local entries = free > 0 and call('LPOP', pending, free) or {}
  local before, is_empty = leased_count, #entries < free
  for i, text in ipairs(entries) do
    if bytes >= want_bytes and leased_count > 0 then
      -- No room for more payloads: the rest goes back as it was.
      for rest = #entries, i, -1 do
        call('LPUSH', pending, entries[rest])
      end
      want, is_empty = 0, false
      break
    end
    lease(e, text)
  end
  local got = leased_count - before
  if got > 0 then
    shares.take(e, got)
    if e.state ~= 'active' then
      call('HSET', P .. 'endpoint:' .. id, 'probe', leased[leased_count])
    end
  end
  want, free_slots = math.max(0, want - got), free_slots - got
  if lane == READY_SLOW then
    want_slow, free_slow = want_slow - got, free_slow - got
  end
  if e and got > 0 then
    pace(e, got)
    waits = served_from(e) > now
  end
  local may_go_on = e and e.state == 'active' and not waits and e.in_flight < limit_of(e, free_slots)
  local goes_on = may_go_on and not is_empty and call('LLEN', pending) > 0
  if goes_on and not waits_for then
    lanes.append(lane, e)
  else
    lanes.leave(lane, id)
  end
  is_awaited = is_awaited or not is_empty and e and hurries(e) and not waits and (waits_for or not may_go_on)
  if goes_on and waits_for then
    shares.wait(e, waits_for, got == 0)
  elseif e and got == 0 then
    shares.pass_on(e)
  elseif got > 0 and want > 0 then
    shares.go_on(e)
  end
  if waits then
    set_timer(e)
  end
  return true
end

