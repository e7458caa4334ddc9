-- endpoint_create: makes an endpoint, unless its account has as many as it may.
--
-- Returns the endpoint (see `view`), or {} when the account has too many.
-- Guarantees: the same id again changes nothing. Not `allow-oom`.
local id, account = ARGV[ENDPOINT], ARGV[ACCOUNT]
local key, routes = P .. 'endpoint:' .. id, P .. 'account:' .. account .. ':endpoints'
if call('EXISTS', key) == 0 then
  if call('HLEN', routes) >= tonumber(ARGV[LIMIT]) then
    return {}
  end
  local now = read_clock()
  call('HSET', key, 'account', account, 'url', ARGV[URL], 'events', ARGV[EVENTS], 'secret', ARGV[SECRET], 'version', 1,
    'generation', 1, 'state', 'active', 'consecutiveFailures', 0, 'inFlight', 0, 'queuedBytes', 0, 'createdAt', now,
    'updatedAt', now)
  if ARGV[CHATBOT_ID] ~= '' then
    call('HSET', key, 'chatbotId', ARGV[CHATBOT_ID])
  end
  if ARGV[DESCRIPTION] ~= '' then
    call('HSET', key, 'description', ARGV[DESCRIPTION])
  end
  if ARGV[RATE_LIMIT] ~= '' then
    call('HSET', key, 'rateLimit', ARGV[RATE_LIMIT])
  end
  if ARGV[AUTO_RESUME] == '1' then
    call('HSET', key, 'autoResume', '1')
  end
  set_route(id)
end
return view(id)
