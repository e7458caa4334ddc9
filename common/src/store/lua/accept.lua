-- accept: an event with one delivery for each endpoint that matches, or nothing.
--
-- ARGV: account, event id, event type, chatbot id, body, hash of the idempotency key (or ''), fingerprint of the
--       request, how long the key is remembered (ms), bytes the account may have unfinished, bytes that an endpoint may
--       have parked; then, for each limit of events in a minute that is set, the name of its counter and the limit.
-- Returns {'accepted', event id, deliveries, 1 if duplicate, quotas…}, {'conflict'}, {'over_budget'} or
-- {'rate_limited', quotas…}; quotas are, for each limit in turn, what is left of it and the ms until it begins anew. A
-- duplicate tells none.
-- Guarantees: nothing is written unless the answer is 'accepted'; the same event id, or the same idempotency key with
-- the same fingerprint, is accepted, and counted, once. Not `allow-oom`: at `maxmemory` it is refused as a whole.
local account, event, kind, chatbot, body = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local remembered
if ARGV[6] ~= '' then
  remembered = P .. 'idempotency:' .. account .. ':' .. ARGV[6]
  local first = call('HMGET', remembered, 'fingerprint', 'event', 'deliveries')
  if first[1] then
    if first[1] ~= ARGV[7] then
      return { 'conflict' }
    end
    return { 'accepted', first[2], tonumber(first[3]), first[2] == event and 0 or 1 }
  end
end

local event_key = P .. 'event:' .. event
local known = call('HGET', event_key, 'deliveries')
if known then
  return { 'accepted', event, tonumber(known), 0 } -- our own call, sent again
end

-- Without limits nothing is read here.
local counters, quotas
if ARGV[11] then
  counters = {}
  local is_limited = false
  for i = 11, #ARGV, 2 do
    local key = P .. ARGV[i]
    local used, ends_in = tonumber(call('GET', key) or 0), call('PTTL', key)
    if ends_in < 1 or ends_in > 60000 then
      used, ends_in = 0, 60000 -- a new minute; or Redis's clock was set back
    end
    local left = tonumber(ARGV[i + 1]) - used
    is_limited = is_limited or left < 1
    counters[#counters + 1] = { key = key, used = used, left = left, ends_in = ends_in }
  end
  quotas = function(answer, by)
    for _, counter in ipairs(counters) do
      answer[#answer + 1] = math.max(0, counter.left - by)
      answer[#answer + 1] = counter.ends_in
    end
    return answer
  end
  if is_limited then
    return quotas({ 'rate_limited' }, 0)
  end
end

local routes = call('HGETALL', P .. 'account:' .. account .. ':endpoints')
local matching, letters = {}, {}
for i = 1, #routes, 2 do
  local is_wanted, letter = matches(routes[i + 1], kind, chatbot, true)
  if is_wanted then
    matching[#matching + 1] = routes[i]
    letters[#matching] = letter
  end
end

if #matching > 0 then
  local used, charge = P .. 'account:' .. account .. ':bytes', charge_of(#body)
  if call('INCRBY', used, charge) > tonumber(ARGV[9]) then
    if call('DECRBY', used, charge) <= 0 then
      call('DEL', used)
    end
    return { 'over_budget' }
  end
  local time = call('TIME')
  call('HSET', event_key, 'body', body, 'event', kind, 'account', account, 'refs', #matching, 'deliveries', #matching,
    'charge', charge, 'acceptedAt', time[1] * 1000 + math.floor(time[2] / 1000))
  local became_ready = false
  for i, id in ipairs(matching) do
    local length = call('RPUSH', P .. 'pending:' .. id, 'dlv_' .. string.sub(event, 5) .. '_' .. string.sub(id, 4))
    local bytes = call('HINCRBY', P .. 'endpoint:' .. id, 'queuedBytes', #body)
    if letters[i] == 'D' then
      if bytes > tonumber(ARGV[10]) then
        -- Upkeep exhausts the oldest.
        call('HSET', P .. 'endpoint:' .. id, 'parkedLimit', ARGV[10])
        call('ZADD', DISABLED, 0, id)
      end
    elseif length == 1 then
      local slow = call('HGET', P .. 'endpoint:' .. id, 'slow') == '1'
      call('ZADD', slow and READY_SLOW or READY, 'NX', call('HINCRBY', STATS, 'turn', 1), id)
      became_ready = true
    end
  end
  call('HINCRBY', STATS, 'events', 1)
  call('HINCRBY', STATS, 'deliveries', #matching)
  if became_ready then
    wake()
  end
end

if remembered then
  call('HSET', remembered, 'fingerprint', ARGV[7], 'event', event, 'deliveries', #matching)
  call('PEXPIRE', remembered, ARGV[8])
end
if not counters then
  return { 'accepted', event, #matching, 0 }
end
for _, counter in ipairs(counters) do
  if counter.used == 0 then
    call('SET', counter.key, 1, 'PX', 60000)
  else
    call('INCR', counter.key)
  end
end
return quotas({ 'accepted', event, #matching, 0 }, 1)
