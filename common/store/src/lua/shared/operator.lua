-- operator.lua: what an operator has decided about an endpoint, beside what its owner wants of it.
--
-- `operatorHold` of the endpoint, and `accountHold`, which all endpoints of an account have that is paused as a whole, are
-- `<pause|throttle> <deliveries in a second, 0 for a pause> <since (ms)> <reason>`. While one of them pauses an endpoint that its owner
-- wants active, it is `suspended`. While it is throttled, `rateLimit` is what it is served with, and `wantedRate` what its owner wants
-- (0: no limit).
local operator = {}

-- Where an account's hold is, from which new endpoints get theirs.
operator.key_of = function(account)
  return P .. 'account:' .. account .. ':hold'
end

-- Whether an operator pauses an endpoint.
operator.pauses = function(id)
  local v = call('HMGET', P .. 'endpoint:' .. id, 'operatorHold', 'accountHold')
  return v[2] or v[1] and string.sub(v[1], 1, 6) == 'pause '
end

-- The state of an endpoint as its owner sees it, who sees what an operator does beside it.
operator.aside = function(state)
  return state == 'suspended' and 'active' or state
end

-- The rate that an endpoint's owner wants; '' for none.
operator.wanted_rate = function(id)
  local v = call('HMGET', P .. 'endpoint:' .. id, 'wantedRate', 'rateLimit')
  return v[1] and (v[1] == '0' and '' or v[1]) or v[2] or ''
end

-- Serves an endpoint at the rate that its owner wants, or at what an operator allows if that is less.
operator.set_rate = function(e, wanted)
  local key, rate = P .. 'endpoint:' .. e.id, wanted
  local most = string.match(call('HGET', key, 'operatorHold') or '', '^throttle (%d+) ')
  if most then
    call('HSET', key, 'wantedRate', wanted == '' and '0' or wanted)
    rate = text_of(math.min(tonumber(most), tonumber(wanted) or math.huge))
  else
    call('HDEL', key, 'wantedRate')
  end
  if tonumber(rate) == e.rate then
    return
  elseif rate == '' then
    call('HDEL', key, 'rateLimit')
  else
    call('HSET', key, 'rateLimit', rate)
  end
  e.rate, e.paced_until = tonumber(rate), 0
  set(e, 'pacedUntil', '')
end
