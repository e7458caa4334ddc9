-- repair_sum: counts anew what an account is charged for what is unfinished, how many deliveries of an endpoint are in flight, or how many
-- bytes wait there.
--
-- ARGV[FIELD]: 'bytes' of an account, or 'inFlight' or 'queuedBytes' of an endpoint, whose id is ARGV[ENDPOINT]. ARGV[STORED] and ARGV[COUNTED] are
-- what the check read ('' for nothing), and what it should have been. ARGV[ORDER]: see audit.lua.
-- Returns {'repaired', what was done}, {'changed'} if it isn't so any more, or {'left', why}.
-- Guarantees: it is changed only if it is still what the check read, and is counted here, at one moment, to be what the check counted.
local account, id, field = ARGV[ACCOUNT], ARGV[ENDPOINT], ARGV[FIELD]
if terms.is_left_alone(account) then
  return { 'left', 'its account is being moved or erased' }
end
local e = id ~= '' and endpoint(id) or nil
local key, stored = P .. 'account:' .. account .. ':bytes', nil
if field == 'bytes' then
  stored = call('GET', key) or ''
else
  if not e or e.account ~= account then
    return { 'changed' }
  end
  key = P .. 'endpoint:' .. id
  stored = text_of(tonumber(call('HGET', key, field)) or 0)
end
if stored ~= ARGV[STORED] then
  return { 'changed' }
end
local ids = { id }
if field == 'bytes' then
  ids = call('HKEYS', P .. 'account:' .. account .. ':endpoints')
end
local around = unfinished.around(ids)
if not around then
  return { 'left', 'too much waits to be counted at one moment: run it again when less does' }
end
local counted_now, seen = 0, {}
for _, delivery in ipairs(around) do
  local event = event_of(delivery)
  if field == 'bytes' and not seen[event] then
    seen[event] = true
    local v = call('HMGET', P .. 'event:' .. event, 'account', 'refs', 'charge')
    if v[1] == account and (tonumber(v[2]) or 0) > 0 then
      counted_now = counted_now + whole(v[3])
    end
  elseif field == 'queuedBytes' and endpoint_of(delivery) == id and not seen[delivery] then
    seen[delivery] = true
    local v = call('HMGET', P .. 'event:' .. event, 'charge', 'erased')
    local size = v[2] and whole(v[1]) - charge_of(0) or call('HSTRLEN', P .. 'event:' .. event, 'body')
    counted_now = counted_now + size
  end
end
if id ~= '' then
  -- A worker that reports a token takes its attempt off both.
  local tokens, leases = 0, 0
  for _, delivery in ipairs(call('HKEYS', TOKENS)) do
    tokens = tokens + (endpoint_of(delivery) == id and 1 or 0)
  end
  for _, delivery in ipairs(call('ZRANGE', LEASES, 0, -1)) do
    leases = leases + (endpoint_of(delivery) == id and 1 or 0)
  end
  if tokens ~= leases then
    return { 'left', 'its leases and tokens do not agree: run it again once those leases have expired' }
  end
end
if field == 'inFlight' then
  for _, delivery in ipairs(call('ZRANGE', LEASES, 0, -1)) do
    counted_now = counted_now + (endpoint_of(delivery) == id and 1 or 0)
  end
end
if text_of(counted_now) ~= ARGV[COUNTED] then
  return { 'changed' }
end
if field == 'inFlight' then
  e.in_flight = counted_now
  settle(e)
elseif field == 'queuedBytes' then
  e.bytes = counted_now
elseif counted_now > 0 then
  call('SET', key, text_of(counted_now))
else
  call('DEL', key)
end
local said = field .. ': ' .. (stored == '' and 'nothing' or stored) .. ' to ' .. text_of(counted_now)
note_order(ARGV[ORDER], 'repair', e and id or account, account, said)
flush()
wake()
return { 'repaired', said }
