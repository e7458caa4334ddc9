-- replay_one: sends a delivery again, by hand.
--
-- ARGV[DELIVERY] is a fresh id for the new delivery.
-- ARGV[ORDER]: see audit.lua.
-- Its event may be given as it was packed.
-- Returns 'pending' or 'parked', 'expired' when the payload is gone or was packed, 'over_budget', or '' when the account has no such
-- endpoint.
-- Guarantees: the same new id again makes nothing more. Failures of what it makes are no strikes. Not `allow-oom`.
local id, delivery = ARGV[ENDPOINT], ARGV[DELIVERY]
local e = owned_endpoint(id, ARGV[ACCOUNT]) and endpoint(id)
if not e then
  return ''
end
local state = e.state == 'active' and 'pending' or 'parked'
if call('EXISTS', P .. 'delivery:' .. delivery) == 1 then
  return state
end
local limits = terms.of(e.account)
local sent = send_again(e, ARGV[SOURCE], delivery, limits.budget or tonumber(ARGV[ACCOUNT_BYTES]), { 'manual', 1 }, packed_at(each_packed[1]))
if sent == false then
  return 'expired'
elseif sent == 'over_budget' then
  return sent
end
if e.state ~= 'active' and e.bytes > (limits.parked or tonumber(ARGV[PARKED_BYTES])) then
  call('HSET', P .. 'endpoint:' .. id, 'parkedLimit', ARGV[PARKED_BYTES])
  call('ZADD', PARKED, 0, id)
end
note_order(ARGV[ORDER], 'replay', ARGV[SOURCE], e.account, delivery)
flush()
wake()
return state
