-- replay_one: sends a delivery again, by hand.
--
-- ARGV: endpoint id, account, delivery, id of the new delivery (fresh), bytes the account may have unfinished, bytes that an
--       endpoint may have parked.
-- Returns 'pending' or 'parked', 'expired' when the payload is gone, 'over_budget', or '' when the account has no such
-- endpoint.
-- Guarantees: the same new id again makes nothing more. Failures of what it makes are no strikes. Not `allow-oom`.
local id, account, source, delivery = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local e = endpoint(id)
if not e or e.account ~= account then
  return ''
end
local state = e.state == 'active' and 'pending' or 'parked'
if call('EXISTS', P .. 'delivery:' .. delivery) == 1 then
  return state
end
local sent = send_again(e, source, delivery, tonumber(ARGV[5]), { 'manual', 1 })
if sent == false then
  return 'expired'
elseif sent == 'over_budget' then
  return sent
end
if e.state ~= 'active' and e.bytes > tonumber(ARGV[6]) then
  call('HSET', P .. 'endpoint:' .. id, 'parkedLimit', ARGV[6])
  call('ZADD', PARKED, 0, id)
end
flush()
wake()
return state
