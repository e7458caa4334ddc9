-- test_event_request: asks a worker to send a test event at once.
--
-- ARGV: endpoint id, account, delivery (fresh), event type, body, how many the account may have in a minute.
-- Returns {'queued'}, {'too_many', ms until the next one}, {'busy'} when tests wait that no worker takes, or {} when the account
-- has no such endpoint.
-- Guarantees: the same delivery again asks once. Not `allow-oom`.
local id, account, delivery = ARGV[1], ARGV[2], ARGV[3]
if call('HGET', P .. 'endpoint:' .. id, 'account') ~= account then
  return {}
end
local key = P .. 'trial:' .. delivery
if call('EXISTS', key) == 0 then
  local asked = P .. 'account:' .. account .. ':trials'
  if whole(call('GET', asked)) >= tonumber(ARGV[6]) then
    return { 'too_many', math.max(0, call('PTTL', asked)) }
  end
  if call('LLEN', TEST_EVENTS) >= 1000 then
    return { 'busy' }
  end
  if call('INCR', asked) == 1 then
    call('PEXPIRE', asked, 60000)
  end
  call('HSET', key, 'endpoint', id, 'account', account, 'event', ARGV[4], 'body', ARGV[5], 'at', read_clock())
  call('PEXPIRE', key, 120000)
  call('RPUSH', TEST_EVENTS, delivery)
end
return { 'queued' }
