-- endpoint_retry: brings all that waits for a retry forward, whatever it waits for.
--
-- Returns {'retried', how many wait}, {'inactive'} when the endpoint isn't active, or {} when the account has no such endpoint.
-- Guarantees: they come within a minute, held or not: after the hold. Repeating it is harmless. Bounded: upkeep goes on where this
-- stops.
local id = ARGV[ENDPOINT]
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local e = endpoint(id)
if e.state ~= 'active' then
  return { 'inactive' }
end
local waiting = forward.begin(id, 'hand')
if waiting > 0 then
  forward.step(e, 100)
  wake()
  flush()
end
return { 'retried', waiting }
