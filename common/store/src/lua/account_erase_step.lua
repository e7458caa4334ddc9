-- account_erase_step: one bounded step of erasing an account: of those that are to be erased, the one whose turn it is.
--
-- ARGV[OPERATION] is a fresh id. ARGV[KEYS_LOOKED_AT]: how many keys are looked at in a step of the last phase.
-- Returns {} when none is being erased, else 'goes_on', or 'waits' for what others do.
-- Guarantees: each step may be repeated, and goes on where any other left off. A phase ends when there is nothing left of what it erases,
-- and nothing that could bring it back.
--
-- Phases: `endpoints` are removed, with what waits there; `queues`: what was set aside by that has been worked through, and what was in
-- flight has ended; `history`: finished events, beside the blocks and in them; `keys`: whatever else is the account's, by a walk through
-- all keys.
local ERASURES, MOST_ENDPOINTS, MOST_STEPS = P .. 'erasures', 4, 16

local account = call('ZRANGE', ERASURES, 0, 0)[1]
if not account then
  return {}
end
local start = P .. 'account:' .. account .. ':'
local erasure, removed = start .. 'erasure', start .. 'removed'
call('ZADD', ERASURES, text_of(read_clock()), account) -- others have their turn
if not terms.of(account).is_erasing then
  call('SET', terms.key_of(account), 'erasing') -- something else was written there
end
call('HSETNX', erasure, 'since', text_of(read_clock()))

local function enter_phase(phase)
  call('HSET', erasure, 'phase', phase)
  call('HDEL', erasure, 'cursor')
  return 'goes_on'
end

-- Removes some endpoints. Returns whether none is left.
local function remove_some()
  local ids = try('HKEYS', start .. 'endpoints')
  if ids.err then
    call('UNLINK', start .. 'endpoints')
    return false
  end
  for place = 1, math.min(#ids, MOST_ENDPOINTS) do
    local id = ids[place]
    local one = owned_endpoint(id, account, 'replay')
    if one then
      remove_endpoint(id, account, id .. '-' .. ARGV[OPERATION], one.replay)
      call('HINCRBY', erasure, 'endpoints', 1)
    else
      call('HDEL', start .. 'endpoints', id)
    end
    call('ZADD', removed, 0, id) -- its records are known by that
  end
  return #ids <= MOST_ENDPOINTS
end

-- Lets go of finished events, of what isn't packed first. Returns whether none is left.
local function forget_history()
  local events, steps = 0, 0
  for _, class in ipairs({ 'delivered', 'exhausted' }) do
    while steps < MOST_STEPS and entries_left > 0 and call('LLEN', start .. class) > 0 do
      events, steps = events + release_oldest(account, class, math.huge, math.huge), steps + 1
    end
    while steps < MOST_STEPS and call('ZCARD', P .. 'blocks:' .. class .. ':' .. account) > 0 do
      events, steps = events + drop_oldest(class, account, account, RETENTION_FAILED), steps + 1
    end
  end
  call('HINCRBY', erasure, 'events', events)
  return steps < MOST_STEPS and entries_left > 0
end

-- Whether a key of an endpoint is the account's, or a record of one of its deliveries. An endpoint that no route leads to gets one.
local KEPT = { terms = true, erasure = true, removed = true }
local OF_ENDPOINT = { log = true, pending = true, retry = true, failed = true, canceled = true, replays = true, endpoint = true }
local has_found_endpoint = false
local function is_of_its_endpoint(kind, rest, is_away)
  if is_away and OF_ENDPOINT[kind] then
    return call('ZSCORE', removed, rest) ~= false
  elseif kind == 'endpoint' and try('HGET', P .. 'endpoint:' .. rest, 'account') == account then
    call('HSET', start .. 'endpoints', rest, 'O|,,|')
    has_found_endpoint = true
  elseif kind == 'delivery' then
    return call('ZSCORE', removed, endpoint_of(rest)) ~= false
  end
  return false
end

-- Removes what is the account's among the next keys. Returns where the walk goes on: '0' after all of them.
local function walk()
  local server = server_of_cursor()
  local known = call('HMGET', erasure, 'cursor', 'server')
  local from = known[2] == server and known[1] or '0'
  local found = call('SCAN', from, 'MATCH', P .. '*', 'COUNT', ARGV[KEYS_LOOKED_AT])
  local gone = {}
  for _, key in ipairs(found[2]) do
    if belongs(string.sub(key, #P + 1), account, KEPT, is_of_its_endpoint) then
      gone[#gone + 1] = key
    end
  end
  for from_place = 1, #gone, 1000 do
    call('UNLINK', unpack(gone, from_place, math.min(#gone, from_place + 999)))
  end
  call('HSET', erasure, 'cursor', found[1], 'server', server)
  call('HINCRBY', erasure, 'keys', #gone)
  return found[1]
end

-- Whether something has finished since its finished events went.
local function has_history()
  for _, class in ipairs({ 'delivered', 'exhausted' }) do
    if call('LLEN', start .. class) > 0 or call('ZCARD', P .. 'blocks:' .. class .. ':' .. account) > 0 then
      return true
    end
  end
  return false
end

-- What must not be left whatever the walk has met, and what is left of the account in keys of all.
local function leave_shared()
  for _, field in ipairs({ 'endpoints', 'filters', 'bytes', 'hours', 'days', 'unmatched', 'idempotency', 'keys', 'portal', 'hold', 'history',
    'since', 'again' }) do
    call('UNLINK', start .. field)
  end
  for _, class in ipairs({ 'delivered', 'exhausted' }) do
    for _, set in ipairs({ 'finished:' .. class, 'finished:' .. class .. ':bytes', 'history:' .. class }) do
      call('ZREM', P .. set, account)
    end
    call('ZREM', P .. 'packing', class .. ':' .. account)
  end
  call('ZREM', P .. 'history:bytes', account)
  call('ZREM', P .. 'history:bytes:exhausted', account)
  for _, answered in ipairs(call('ZRANGE', P .. 'answered', 0, -1)) do
    if string.sub(answered, -#account - 1) == ' ' .. account then
      call('ZREM', P .. 'answered', answered)
    end
  end
end

local phase = call('HGET', erasure, 'phase')
if phase == 'queues' then
  -- An endpoint may have been made by a call that had begun before.
  if call('EXISTS', start .. 'endpoints') == 1 then
    return enter_phase('endpoints')
  end
  local in_flight = whole(string.match(call('HGET', P .. 'shares', 'account ' .. account) or '', '^%d+'))
  if call('HEXISTS', erasure, 'swept') == 0 or in_flight > 0 then
    return 'waits'
  end
  return enter_phase('history')
elseif phase == 'history' then
  return forget_history() and enter_phase('keys') or 'goes_on'
elseif phase == 'keys' then
  local goes_on = walk() ~= '0'
  if has_found_endpoint then
    return enter_phase('endpoints')
  elseif goes_on then
    return 'goes_on'
  elseif has_history() then
    return enter_phase('history')
  end
  leave_shared()
  call('HSET', erasure, 'phase', 'erased', 'endedAt', text_of(read_clock()))
  call('HDEL', erasure, 'cursor', 'server', 'swept')
  call('PEXPIRE', erasure, 7 * 86400000)
  call('DEL', removed, terms.key_of(account))
  call('ZREM', ERASURES, account)
  return 'goes_on'
end
if remove_some() then
  -- Upkeep comes to this behind all that was set aside so far.
  call('HDEL', erasure, 'swept')
  call('RPUSH', SWEEPS, 'erased ' .. account .. ' ' .. start .. 'swept list')
  return enter_phase('queues')
end
return 'goes_on'
