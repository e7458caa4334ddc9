-- endpoint_enable: switches an endpoint on that failures in a row have disabled since a moment, and releases what is parked there.
--
-- ARGV[SINCE] is that moment (ms). ARGV[OPERATION] is a fresh id. ARGV[ORDER]: see audit.lua. Returns whether it was switched on.
-- Guarantees: the same operation again changes nothing, and answers the same. What its owner switched off, or what said that it is
-- gone, stays as it is. One step, whatever is parked; upkeep does the rest.
local id, operation = ARGV[ENDPOINT], ARGV[OPERATION]
local key, done = P .. 'endpoint:' .. id, P .. 'changed:' .. operation
if call('EXISTS', done) == 1 then
  return 1
end
local e = endpoint(id)
local elsewhere = e and terms.elsewhere(e.account)
if elsewhere then
  return elsewhere
end
local v = e and e.state == 'disabled' and call('HMGET', key, 'disabledReason', 'disabledAt') or {}
if v[1] ~= 'consecutive_failures' or whole(v[2]) < tonumber(ARGV[SINCE]) then
  return 0
end
enable(e, 'operator')
releases.begin(e, operation)
call('SET', done, id, 'PX', 60000)
call('HSET', key, 'updatedAt', read_clock(), 'updatedBy', 'operator')
note_order(ARGV[ORDER], 'enable', id, e.account, 'done')
settle(e)
flush()
set_route(id)
wake()
return 1
