-- Budgets: what an event is answered that would take its account over its budget ------------------------------------------

-- Bytes of unfinished payloads that an account may have.
local account_budget = tonumber(ARGV[ACCOUNT_BUDGET])

-- Set by accept/displace.lua. Without it an event that needs room is left for a call that makes room.
local make_room, write_room

-- The parts of its budget at which an account is told about to the operator.
local NEAR, NEARER = 0.7, 0.9

-- Tells the operator that an account has used up so much of its budget: once a day for each part.
local function tell_near_budget(account, used)
  local part = used >= NEARER * account.budget and NEARER or NEAR
  if not operator_events.are_wanted() then
    return
  end
  local key, percent = P .. 'account:' .. account.id .. ':near', string.format('%d', part * 100)
  if (tonumber(call('GET', key)) or 0) < tonumber(percent) then
    call('SET', key, percent, 'PX', 86400000)
    -- An id like others: the time of an event's, and what else tells it from others.
    local id = string.sub(account.last, 5, 14) .. string.sub(redis.sha1hex(account.last .. percent), 1, 16)
    operator_events.push('account.near_budget', id, account.id,
      tonumber(accepted_at), 'null', '"percent":' .. percent .. ',"usedBytes":' .. string.format('%d', used) .. ',"budgetBytes":'
        .. string.format('%d', account.budget))
  end
end

-- Even the shortest payload has so many bytes.
local SHORTEST = 64

-- What an endpoint holds of its account's bytes: what its unfinished deliveries are charged; 0 if it can't be over half of them.
local function held_by(id, used)
  local v = call('HMGET', P .. 'endpoint:' .. id, 'queuedBytes', 'inFlight')
  local bytes = tonumber(v[1]) or 0
  if 2 * bytes * charge_of(SHORTEST) / SHORTEST <= used then
    return 0
  end
  local number = (tonumber(v[2]) or 0) + call('LLEN', P .. 'pending:' .. id) + call('ZCARD', P .. 'retry:' .. id)
  return bytes + number * charge_of(0)
end

-- Whether workers are away: none has done upkeep for so long (ms). What waits then is our shortage and no endpoint's, so nobody gives
-- anything up.
local AWAY_AFTER = 10000
local function are_workers_away()
  look_once('reapedAt', 'exhausted')
  local last = stats_kept[8]
  if last == nil then
    last = call('HGET', STATS, 'reapedAt')
    stats_kept[8] = last
  end
  return last and accepted_at - (tonumber(last) or accepted_at) > AWAY_AFTER
end

-- The endpoints that hold over half of their account's bytes: several, where they share events.
local function holders_of(account)
  if not account.holders then
    account.holders = {}
    for i = 1, #account.routes, 2 do
      local held = held_by(account.routes[i], account.used)
      if 2 * held > account.used then
        account.holders[#account.holders + 1] = { id = account.routes[i], held = held }
      end
    end
  end
  return account.holders
end

-- Whether an event goes to an active endpoint besides this one.
local function is_wanted_elsewhere(found, id)
  for _, addition in ipairs(found) do
    if addition.letter == 'A' and addition.id ~= id then
      return true
    end
  end
  return false
end

-- The endpoint that has to make room for an event which others want too: of those that hold over half of the account's bytes
-- the one that holds most, or nil.
local function who_makes_room(account, found)
  local biggest
  for _, holder in ipairs(holders_of(account)) do
    local is_bigger = 2 * holder.held > account.used and (not biggest or holder.held > biggest.held)
    if is_bigger and is_wanted_elsewhere(found, holder.id) then
      biggest = holder
    end
  end
  return biggest
end

-- What an event is answered that its account has no room for; nil once there is room.
local function answer_over_budget(account, found, charge)
  if charge > account.budget or not who_makes_room(account, found) or are_workers_away() then
    return 'over_budget'
  elseif not make_room then
    return 'needs_room'
  end
  return make_room(account, found, charge)
end
