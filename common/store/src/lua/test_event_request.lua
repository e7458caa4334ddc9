-- test_event_request: asks a worker to send a test event at once.
--
-- Returns {'queued'}, {'too_many', ms until the next one}, {'busy'} when tests wait that no worker takes, or {} when the account
-- has no such endpoint.
-- Guarantees: the same delivery again asks once. Not `allow-oom`.
local account, delivery = ARGV[ACCOUNT], ARGV[DELIVERY]
if not owned_endpoint(ARGV[ENDPOINT], account) then
  return {}
end
local key = P .. 'trial:' .. delivery
if call('EXISTS', key) == 0 then
  local asked = P .. 'account:' .. account .. ':trials'
  local used, ends_in = used_of(asked)
  if used >= tonumber(ARGV[PER_MINUTE]) then
    return { 'too_many', ends_in }
  end
  if call('LLEN', TEST_EVENTS) >= 1000 then
    return { 'busy' }
  end
  use_more(asked, used, 1, ends_in)
  call('HSET', key, 'endpoint', ARGV[ENDPOINT], 'account', account, 'event', ARGV[EVENT], 'body', ARGV[BODY], 'at', read_clock())
  call('PEXPIRE', key, 120000)
  call('RPUSH', TEST_EVENTS, delivery)
end
return { 'queued' }
