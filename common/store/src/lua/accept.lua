-- accept: events, each with one delivery for each endpoint that matches, or nothing of it.
--
-- ARGV: how long an idempotency key is remembered (ms), bytes that an account may have unfinished, bytes that an endpoint may
--       have parked, limits of events in a minute (`<counter of the service key> <its limit> <limit of an account>`, 0 for none; or
--       ''); then 7 for each event: account, event id, event type, chatbot id, body, hash of the idempotency key (or ''),
--       fingerprint of the request.
-- Returns for each event {'accepted', event id, deliveries, 1 if duplicate, quotas…}, {'conflict'}, {'over_budget'},
--       {'rate_limited', quotas…}, or {'unreadable'} when the routes of its account are not what they should be; for fewer events
--       than there are once 512 deliveries were made: the rest is to be sent again. Quotas are, for each limit that is set, what is
--       left of it and the ms until it begins anew; a duplicate tells none.
-- Guarantees: nothing of an event is written unless its answer is 'accepted'; the same event id, or the same idempotency key
-- with the same fingerprint, is accepted once. What the events have in common is read and written once. Not `allow-oom`: at
-- `maxmemory` all are refused.
local FIRST, EVENT, MOST_DELIVERIES = 5, 7, 512
local window, account_budget, parked_budget = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local accepted_at

-- What the events touch: endpoints with what is added to their lines, in the order of first use, and the accounts.
local lines, order, accounts = {}, {}, {}
local function account_of(id)
  local account = accounts[id]
  if account == nil then
    local key = P .. 'account:' .. id
    local routes, used = try('HGETALL', key .. ':endpoints'), call('GET', key .. ':bytes')
    account = not routes.err and {
      id = id, routes = routes, bytes = key .. ':bytes', used = tonumber(used) or 0, charged = 0, matching = {},
    }
    accounts[id] = account
  end
  return account
end

-- The endpoints of an account that want an event of this type and chatbot: for each the line that it adds to.
local function matching_of(account, kind, chatbot)
  local wish = kind .. ' ' .. chatbot
  local found = account.matching[wish]
  if not found then
    found = {}
    for i = 1, #account.routes, 2 do
      local is_wanted, letter = matches(account.routes[i + 1], kind, chatbot, true)
      if is_wanted then
        local id = account.routes[i]
        local line = lines[id]
        if not line then
          line = { id = id, account = account.id, place = string.sub(id, 4), letter = letter, bytes = 0, entries = {} }
          lines[id], order[#order + 1] = line, line
        end
        found[#found + 1] = line
      end
    end
    found.text = string.format('%d', #found)
    account.matching[wish] = found
  end
  return found
end

-- Writes an event down and adds its deliveries to their lines; returns how many, or nil and why not.
local function store(account_id, id, kind, chatbot, body)
  local account, size = account_of(account_id), #body
  if not account then
    return nil, 'unreadable'
  end
  local found, charge = matching_of(account, kind, chatbot), charge_of(size)
  if #found == 0 then
    return 0
  elseif account.used + account.charged + charge > account_budget then
    return nil, 'over_budget'
  end
  account.charged = account.charged + charge
  if not accepted_at then
    accepted_at = string.format('%d', (look_at_clock()))
  end
  call('HSET', P .. 'event:' .. id, 'body', body, 'event', kind, 'account', account_id, 'refs', found.text, 'deliveries',
    found.text, 'charge', string.format('%d', charge), 'acceptedAt', accepted_at)
  local start = 'dlv_' .. string.sub(id, 5) .. '_'
  for _, line in ipairs(found) do
    line.entries[#line.entries + 1] = start .. line.place
    line.bytes = line.bytes + size
  end
  return #found
end

-- Events of this minute; without limits nothing is read or counted.
local counters, counters_of, tell
if ARGV[4] ~= '' then
  local key, of_key, of_account = string.match(ARGV[4], '^(%S+) (%d+) (%d+)$')
  of_key, of_account, counters = tonumber(of_key), tonumber(of_account), {}
  local function counter(name, most)
    local known = counters[name]
    if not known then
      local used, ends_in = tonumber(call('GET', P .. name)) or 0, call('PTTL', P .. name)
      if ends_in < 1 or ends_in > 60000 then
        used, ends_in = 0, 60000 -- a new minute; or Redis's clock was set back
      end
      known = { used = used, added = 0, left = math.max(0, most - used), ends_in = ends_in }
      counters[name] = known
    end
    return known
  end
  counters_of = function(account)
    local found = {}
    if of_key > 0 then
      found[1] = counter(key, of_key)
    end
    if of_account > 0 then
      found[#found + 1] = counter('account:' .. account .. ':pushed', of_account)
    end
    return found
  end
  tell = function(answer, found)
    for _, one in ipairs(found) do
      answer[#answer + 1] = one.left
      answer[#answer + 1] = one.ends_in
    end
    return answer
  end
end

local events, deliveries = 0, 0
local function accept(base)
  local account_id, id, kind, chatbot, body = unpack(ARGV, base, base + 4)
  local remembered
  if ARGV[base + 5] ~= '' then
    remembered = P .. 'idempotency:' .. account_id .. ':' .. ARGV[base + 5]
    local first = call('HMGET', remembered, 'fingerprint', 'event', 'deliveries')
    if first[1] then
      if first[1] ~= ARGV[base + 6] then
        return { 'conflict' }
      end
      return { 'accepted', first[2], tonumber(first[3]), first[2] == id and 0 or 1 }
    end
  end
  local known = call('HGET', P .. 'event:' .. id, 'deliveries')
  if known then
    return { 'accepted', id, tonumber(known), 0 } -- our own call, sent again
  end
  local found = counters and counters_of(account_id)
  if found then
    for _, one in ipairs(found) do
      if one.left < 1 then
        return tell({ 'rate_limited' }, found)
      end
    end
  end
  local made, refusal = store(account_id, id, kind, chatbot, body)
  if not made then
    return { refusal }
  end
  if remembered then
    call('HSET', remembered, 'fingerprint', ARGV[base + 6], 'event', id, 'deliveries', made)
    call('PEXPIRE', remembered, window)
  end
  if made > 0 then
    events, deliveries = events + 1, deliveries + made
  end
  if not found then
    return { 'accepted', id, made, 0 }
  end
  for _, one in ipairs(found) do
    one.added, one.left = one.added + 1, one.left - 1
  end
  return tell({ 'accepted', id, made, 0 }, found)
end

local answers = {}
for base = FIRST, #ARGV, EVENT do
  answers[#answers + 1] = accept(base)
  if deliveries >= MOST_DELIVERIES then
    break
  end
end

if counters then
  for name, one in pairs(counters) do
    if one.added > 0 then
      call('SET', P .. name, string.format('%d', one.used + one.added), 'PX', one.ends_in)
    end
  end
end
if events == 0 then
  return answers
end
for _, account in pairs(accounts) do
  if account and account.charged > 0 then
    call('INCRBY', account.bytes, account.charged)
  end
end

-- A route that leads to no endpoint goes, and what was added to its line is canceled.
local function close(line)
  if call('EXISTS', P .. 'pending:' .. line.id) == 1 then
    give_up_endpoint(line.id, note_corrupt(line.id, 'endpoint:' .. line.id))
  end
  call('DEL', P .. 'endpoint:' .. line.id)
  call('HDEL', P .. 'account:' .. line.account .. ':endpoints', line.id)
end

-- Adds to a line what belongs there; returns whether it can be served now.
local function extend(line)
  local endpoint = P .. 'endpoint:' .. line.id
  local length = call('RPUSH', P .. 'pending:' .. line.id, unpack(line.entries))
  local bytes = call('HINCRBY', endpoint, 'queuedBytes', line.bytes)
  local is_first, slow = length == #line.entries, nil
  if is_first or bytes == line.bytes then
    local v = call('HMGET', endpoint, 'account', 'slow')
    if not v[1] then
      close(line)
      return false
    end
    slow = v[2] == '1'
  end
  if line.letter == 'D' then
    if bytes > parked_budget then
      -- Upkeep exhausts the oldest.
      call('HSET', endpoint, 'parkedLimit', parked_budget)
      call('ZADD', PARKED, 0, line.id)
    end
    return false
  elseif not is_first then
    return false -- it has its turn already, or is at its cap
  end
  call('ZADD', slow and READY_SLOW or READY, 'NX', call('HINCRBY', STATS, 'turn', 1), line.id)
  return true
end

local became_ready = false
for _, line in ipairs(order) do
  became_ready = #line.entries > 0 and extend(line) or became_ready
end
call('HINCRBY', STATS, 'events', events)
call('HINCRBY', STATS, 'deliveries', deliveries)
if became_ready then
  wake()
end
return answers
