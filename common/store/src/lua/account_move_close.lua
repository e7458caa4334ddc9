-- account_move_close: takes an account that moves from this shard to where nothing of it changes any more.
--
-- Returns 'held' (an endpoint is still served: the caller pauses the account again), 'in_flight', 'queues' (upkeep has something of it to work
-- through), 'goes_on' after a step, or 'closed'.
-- Guarantees: it closes only when nothing of it is in flight, so no lease has to move. From then on no script does anything for it, and
-- nothing that upkeep goes by names it. The same again changes nothing. Bounded by how many endpoints an account may have.
local MOST_ENDPOINTS = 64

local account = ARGV[ACCOUNT]
local key, start = moves.key_of(account), P .. 'account:' .. account .. ':'
local kept = call('HMGET', key, 'phase', 'to', 'behind')
local phase, to = kept[1], kept[2]
local ids = try('HKEYS', start .. 'endpoints')
ids = ids.err and {} or ids

-- Why it can't be closed yet; nil if it can.
local function what_is_left()
  for _, id in ipairs(ids) do
    local v = call('HMGET', P .. 'endpoint:' .. id, 'account', 'state', 'inFlight', 'releasing')
    if v[1] == account then
      if v[2] == 'active' then
        return 'held'
      elseif whole(v[3]) > 0 then
        return 'in_flight'
      elseif #releases.of(id) > 0 then
        return 'queues'
      end
    end
  end
  if whole(string.match(call('HGET', P .. 'shares', 'account ' .. account) or '', '^%d+')) > 0 then
    return 'in_flight' -- at an endpoint that was removed
  end
  return not moves.are_swept(account) and 'queues' or nil
end

-- How many of its deliveries are unfinished: they all wait at its endpoints.
local function how_many_wait()
  local number = 0
  for _, id in ipairs(ids) do
    number = number + call('LLEN', P .. 'pending:' .. id) + call('ZCARD', P .. 'retry:' .. id)
  end
  return number
end

-- Takes something of it out of a key that all accounts share; it is put back when the account opens.
local function set_down(name, member)
  local score = call('ZSCORE', P .. name, member)
  if score then
    call('HSET', moves.places_of(account), name .. ' ' .. member, score)
    call('ZREM', P .. name, member)
  end
end

local function set_down_endpoint(id)
  for _, set in ipairs({ READY, READY_SLOW, fixed.timers, P .. 'failing' }) do
    call('ZREM', set, id) -- it isn't active
  end
  set_down('parked', id)
  set_down('history:log', id)
  set_down('packing', 'log:' .. id)
  set_down('chores', 'resume ' .. id)
  set_down('chores', 'forward ' .. id)
  local replay = call('HGET', P .. 'endpoint:' .. id, 'replay')
  if replay then
    set_down('replays', replay)
  end
end

local function set_down_rest()
  for _, class in ipairs({ 'delivered', 'exhausted' }) do
    set_down('finished:' .. class, account)
    set_down('finished:' .. class .. ':bytes', account)
    set_down('history:' .. class, account)
    set_down('packing', class .. ':' .. account)
  end
  set_down('history:bytes', account)
  set_down('history:bytes:exhausted', account)
  set_down('history:over', account)
end

if phase == 'draining' then
  local left = what_is_left()
  if left then
    return left
  end
  local waiting = how_many_wait()
  call('HSET', key, 'phase', 'closing', 'terms', call('GET', terms.key_of(account)) or '', 'waiting', text_of(waiting))
  moves.count('movedOut', waiting)
  moves.set_terms(account, 'moving ' .. to)
  moves.ask_sweeps(account) -- an endpoint may have been removed since the last time
  return 'goes_on'
elseif phase ~= 'closing' then
  return 'closed'
elseif not moves.are_swept(account) then
  return 'queues'
end
table.sort(ids)
local behind, looked_at = kept[3] or '', 0
for _, id in ipairs(ids) do
  if id > behind then
    if looked_at == MOST_ENDPOINTS then
      call('HSET', key, 'behind', behind)
      return 'goes_on'
    end
    set_down_endpoint(id)
    looked_at, behind = looked_at + 1, id
  end
end
set_down_rest()
call('HSET', key, 'phase', 'closed')
call('HDEL', key, 'behind', 'asked', 'swept')
return 'closed'
