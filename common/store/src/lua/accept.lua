-- accept: events, each with one delivery for each endpoint that matches, or nothing of it.
--
-- Returns for each event {'accepted', event id, deliveries, 1 if duplicate, quotas…}, {'nobody', event id, quotas…} for one that is
--       accepted for an account that has no endpoint, {'conflict', parts that differ}, 'over_budget',
--       'being_erased' when its account is, 'moving' or 'moved' when that goes to another shard or has gone, 'misplaced' if it has to begin in
--       another shard, {'rate_limited', quotas…}, or 'unreadable' when the routes of its account are not what they
--       should be. A quota is four values (accept/quotas.lua); a duplicate has none.
--       There are answers for fewer events once 512 deliveries were made, and after 'needs_room' and 'filters', which are no answers:
--       the caller sends the rest again, in the second case to `displace`, which is this script with accept/displace.lua, in the third
--       to `choose` (or `displace`), which take what the API found of each event. If room was made, 'made_room' comes last.
-- Guarantees: nothing of an event is written unless its answer is 'accepted' (what was given up for it stays given up); the same event
-- id, or the same idempotency key with the same fingerprint, is accepted once. What the events have in common is read and written
-- once. Not `allow-oom`: at `maxmemory` all are refused. If the caller wants it, even a call that accepts nothing new writes something:
-- whoever then waits for replicas waits for all that was written before, a first call whose answer was lost included.
local MOST_DELIVERIES = 512

-- What the events touch: the accounts, and what is added to the pending lists of endpoints, in the order of first use.
local accounts, additions, order = {}, {}, {}

-- The endpoints of an account that want an event of this type and chatbot: for each, what is added to its pending list.
local function matching_of(account, event_type, chatbot)
  local wish = event_type .. ' ' .. chatbot
  local found = account.matching[wish]
  if not found then
    found = { is_forbidden = account.limits and terms.forbidden_type(account.limits, event_type) }
    for i = 1, #account.routes, 2 do
      local is_wanted, letter = matches(account.routes[i + 1], event_type, chatbot, true)
      if is_wanted and not found.is_forbidden then
        local id = account.routes[i]
        local addition = additions[id]
        if not addition then
          local state = LETTERS[letter]
          addition = { id = id, account = account.id, place = string.sub(id, 4), letter = state or letter, bytes = 0, entries = {},
            is_filtered = state ~= nil }
          additions[id], order[#order + 1] = addition, addition
        end
        found.is_filtered = found.is_filtered or addition.is_filtered
        found[#found + 1] = addition
      end
    end
    found.text = string.format('%d', #found)
    account.matching[wish] = found
  end
  return found
end

-- An account: its routes, how much it has unfinished, and what is decided of it; false if its routes are not what they should be.
local function account_of(id)
  local account = accounts[id]
  if account == nil then
    local key = P .. 'account:' .. id
    local routes, kept = try('HGETALL', key .. ':endpoints'), call('MGET', key .. ':bytes', key .. ':terms')
    local limits = kept[2] and terms.read(kept[2])
    account = not routes.err and {
      id = id, routes = routes, bytes = key .. ':bytes', used = tonumber(kept[1]) or 0, charged = 0, matching = {}, limits = limits,
      budget = limits and limits.budget or account_budget,
    }
    accounts[id] = account
  end
  return account
end

-- Stores an event and notes its deliveries; returns how many, or nil and why not.
local function store(event, account, id, event_type, chatbot, body)
  local size = #body
  local found, charge = matching_of(account, event_type, chatbot), charge_of(size)
  local outdated
  if found.is_filtered then
    found, outdated = choose(account, found, event)
    if not found then
      return nil, outdated
    end
  end
  if #found == 0 then
    note_unmatched(account, id, event_type, chatbot)
    return 0
  end
  local refusal = account.used + account.charged + charge > account.budget and answer_over_budget(account, found, charge)
  if refusal then
    return nil, refusal
  end
  account.charged, account.last = account.charged + charge, id
  look_once()
  call('HSET', P .. 'event:' .. id, 'body', body, 'event', event_type, 'account', account.id, 'refs', found.text, 'deliveries',
    found.text, 'charge', string.format('%d', charge), 'acceptedAt', accepted_at)
  if ARGV[event + TRACE] ~= '' then
    call('HSET', P .. 'event:' .. id, 'trace', ARGV[event + TRACE])
  end
  local start = 'dlv_' .. string.sub(id, 5) .. '_'
  for _, addition in ipairs(found) do
    addition.entries[#addition.entries + 1] = start .. addition.place
    addition.bytes, addition.event = addition.bytes + size, event
  end
  return #found
end


-- How many events and deliveries this call has made.
local events, deliveries = 0, 0

-- Accepts or refuses an event; returns its answer.
local function accept(event)
  local account_id, id = ARGV[event + ACCOUNT], ARGV[event + ID]
  local key, fingerprint = ARGV[event + KEY_HASH], ARGV[event + FINGERPRINT]
  if key ~= '' then
    local first = first_use(account_id, key)
    if first then
      if not is_same(first, fingerprint) then
        return { 'conflict', differences(first, fingerprint) }
      end
      return { 'accepted', first[2], tonumber(first[3]), first[2] == id and 0 or 1 }
    end
  end
  local known = deliveries_if_known(id)
  if known then
    return { 'accepted', id, tonumber(known), 0 } -- our own call, sent again
  end
  local account = account_of(account_id)
  if not account then
    return 'unreadable'
  elseif account.limits and account.limits.is_erasing then
    return 'being_erased'
  elseif account.limits and (account.limits.is_moving or account.limits.is_moved) then
    return account.limits.is_moved and 'moved' or 'moving'
  elseif #account.routes == 0 and misplaced(account_id) then
    return 'misplaced'
  end
  local limited_by = limits_of(account)
  if limited_by then
    for _, counter in ipairs(limited_by) do
      if counter.left < 1 then
        return with_quotas({ 'rate_limited' }, limited_by)
      end
    end
  end
  local made, refusal = store(event, account, id, ARGV[event + EVENT_TYPE], ARGV[event + CHATBOT], ARGV[event + BODY])
  if not made then
    return refusal
  end
  if key ~= '' then
    remember(account_id, key, fingerprint, id, made)
  end
  if made > 0 then
    events, deliveries = events + 1, deliveries + made
  end
  -- Of an account without endpoints nobody gets anything: whoever pushes may have misspelt it.
  local answer = made == 0 and #account.routes == 0 and { 'nobody', id } or { 'accepted', id, made, 0 }
  if not limited_by then
    return answer
  end
  for _, counter in ipairs(limited_by) do
    counter.added, counter.left = counter.added + 1, counter.left - 1
  end
  return with_quotas(answer, limited_by)
end

local answers = {}
for i, event in ipairs(each_event) do
  answers[i] = accept(event)
  if deliveries >= MOST_DELIVERIES or is_outdated or answers[i] == 'needs_room' then
    break
  end
end

write_quotas()
write_directories()
if write_room then
  write_room(answers)
end
write_unmatched()
if events == 0 then
  if ARGV[ALWAYS_WRITES] == '1' then
    call('HINCRBY', STATS, 'repeats', 1)
  end
  return answers
end
for _, account in pairs(accounts) do
  if account and account.charged > 0 then
    local used = call('INCRBY', account.bytes, account.charged)
    if used >= NEAR * account.budget then
      tell_near_budget(account, used)
    end
  end
end

-- Writes what was added to an endpoint's pending list; returns whether a worker can serve it now that couldn't before.
local function extend(addition)
  local endpoint = P .. 'endpoint:' .. addition.id
  local length = call('RPUSH', P .. 'pending:' .. addition.id, unpack(addition.entries))
  local bytes = call('HINCRBY', endpoint, 'queuedBytes', addition.bytes)
  local was_empty, slow = length == #addition.entries, nil
  if was_empty or bytes == addition.bytes then
    local v = call('HMGET', endpoint, 'account', 'slow')
    if not v[1] then
      -- A route that leads to no endpoint: it goes, and what waits there is canceled.
      if call('EXISTS', P .. 'pending:' .. addition.id) == 1 then
        give_up_endpoint(addition.id, note_corrupt(addition.id, 'endpoint:' .. addition.id))
      end
      call('DEL', endpoint)
      call('HDEL', P .. 'account:' .. addition.account .. ':endpoints', addition.id)
      if addition.is_filtered then
        call('HDEL', P .. 'account:' .. addition.account .. ':filters', addition.id)
      end
      return false
    end
    slow = v[2] == '1'
  end
  if addition.letter == 'D' then
    local limits = accounts[addition.account].limits
    local most = limits and limits.parked or tonumber(ARGV[PARKED_BUDGET])
    if bytes > most then
      -- Upkeep exhausts the oldest.
      call('HSET', endpoint, 'parkedLimit', ARGV[PARKED_BUDGET])
      call('ZADD', PARKED, 0, addition.id)
    end
    if was_empty then
      -- If it is probed, there is something to probe it with now.
      call('ZADD', P .. 'chores', 'XX', 'LT', 0, 'resume ' .. addition.id)
    end
    return false
  elseif not was_empty then
    return false -- it has its turn already, or is at its cap
  end
  enter(slow and READY_SLOW or READY, addition.account, addition.id)
  return true
end

if events == 1 then
  hand_over(order, deliveries)
end
local became_ready = false
for _, addition in ipairs(order) do
  became_ready = #addition.entries > 0 and extend(addition) or became_ready
end
write_entered()
add_to_stats('events', 5, events)
add_to_stats('deliveries', 6, deliveries)
write_counts()
if became_ready then
  wake()
end
return answers
