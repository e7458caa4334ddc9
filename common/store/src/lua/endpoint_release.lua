-- endpoint_release: an operator lets go now what waits for an active endpoint: for the end of its hold, for a retry, or in quarantine.
--
-- ARGV[ORDER]: see audit.lua.
-- Returns {'released', 1 if it was held, how many wait for a retry, how many in quarantine}, {'inactive', its state} if it isn't active, or
-- {} when the account has no such endpoint.
-- Guarantees: retries come within a minute. Repeating it is harmless. Bounded: upkeep goes on with the retries, and of those in quarantine it
-- looks at the 2,000 that are due first.
local id = ARGV[ENDPOINT]
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local e = endpoint(id)
if e.state ~= 'active' then
  return { 'inactive', e.state }
end
local now, suspects = read_clock(), 0
local was_held = e.held_until > now
end_hold(e)
for _, delivery in ipairs(call('ZRANGE', QUARANTINE, 0, 1999)) do
  if endpoint_of(delivery) == id then
    suspects = suspects + 1
    call('ZADD', QUARANTINE, text_of(now), delivery)
    call('HSET', record_of(delivery), 'nextAttemptAt', text_of(now))
  end
end
local retries = forward.begin(id, 'hand')
if retries > 0 then
  forward.step(e, 100)
end
note_order(ARGV[ORDER], 'release', id, e.account, text_of(retries + suspects) .. ' deliveries' .. (was_held and ', and its hold ends' or ''))
settle(e)
flush()
wake()
return { 'released', was_held and 1 or 0, retries, suspects }
