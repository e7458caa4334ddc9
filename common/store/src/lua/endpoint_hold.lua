-- endpoint_hold: an operator pauses or throttles an endpoint, or ends that.
--
-- ARGV[ACTION]: 'pause', 'throttle', or '' to end it; ARGV[RATE]: deliveries in a second, 0 for a pause. ARGV[OPERATION] is a fresh id.
-- ARGV[ORDER]: see audit.lua.
-- Returns the endpoint (see `view`), or {} when there is none.
-- Guarantees: one step, whatever waits. The owner keeps the state and the rate that he gave it. Repeating it changes nothing.
local id, refusal = ARGV[ENDPOINT], upgrade_pending(4)
if refusal then
  return refusal
end
local e = endpoint(id)
if not e then
  return {}
end
local elsewhere = terms.elsewhere(e.account)
if elsewhere then
  return elsewhere
end
local known = call('HGET', P .. 'endpoint:' .. id, 'operatorHold') or ''
suspend.set(e, 'operatorHold', suspend.text(known, ARGV[ACTION], ARGV[RATE], ARGV[REASON]), ARGV[OPERATION])
note_order(ARGV[ORDER], ARGV[ACTION] == '' and 'resume' or ARGV[ACTION], id, e.account,
  ARGV[ACTION] == 'throttle' and ARGV[RATE] .. ' a second' or 'done')
flush()
wake()
return view(id)
