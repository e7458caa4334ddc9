-- Suspects that are due, oldest first, as many as this worker may hold. One that is to be served singly waits, and all behind
-- it wait, until this worker holds no other. One whose endpoint is at its limit lets others pass.
local out_suspects, waits_for_others = {}, false
local function serve_suspects()
  for _, delivery in ipairs(call('ZRANGEBYSCORE', QUARANTINE, '-inf', now, 'LIMIT', 0, 32)) do
    if want <= 0 or held.count >= most_suspects or held.singly or bytes >= want_bytes and leased_count > 0 then
      return
    end
    local e, record = endpoint(endpoint_of(delivery)), record_of(delivery)
    local v = call('HMGET', record, 'lostLeases', 'singly')
    local singly, before = v[2] == '1' or whole(v[1]) > 3, leased_count
    local is_active = e and e.state == 'active'
    local is_full = is_active and (e.in_flight >= limit_of(e, free_slots) or served_from(e) > now or e.slow and want_slow <= 0)
    if is_full or is_active and shares.room(e, free_slots, free_slow) == 0 then
      call('ZADD', QUARANTINE, now + 1000, delivery)
    elseif is_active and singly and held.count > 0 then
      waits_for_others = true
      return
    else
      call('ZREM', QUARANTINE, delivery)
      if is_active then
        grant(e, delivery, attempts_in(record))
      elseif e then
        park_suspect(e.id, delivery)
      else
        cancel(nil, delivery, 0)
      end
    end
    quarantine_changed = true
    if leased_count > before then
      shares.take(e, 1)
      hold(held, delivery, sequence_text, singly)
      out_suspects[#out_suspects + 1] = delivery
      want, free_slots, want_slow = want - 1, free_slots - 1, e.slow and want_slow - 1 or want_slow
      free_slow = e.slow and free_slow - 1 or free_slow
      pace(e, 1)
      settle(e)
    end
  end
end

-- The same leases again, for a worker that did not get the answer.
local function repeat_leases()
  for delivery in string.gmatch(last_leases or '', '%S+') do
    local token = call('HGET', TOKENS, delivery)
    local place = token and string.match(token, '^[^ |]*') == holder and event_place(event_of(delivery))
    local e = place and endpoint(endpoint_of(delivery))
    if e then
      hand_out(e, delivery, token, tonumber(string.match(token, '|(%d+)|%d+$')), place)
      out_suspects[#out_suspects + 1] = held.of[delivery] == sequence_text and delivery or nil
    else
      let_go(held, delivery, sequence_text) -- it never came here
    end
  end
end

