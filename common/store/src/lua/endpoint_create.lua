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
  local now, is_active = read_clock(), ARGV[ACTIVE] == '1'
  local fields = { 'account', account, 'url', ARGV[URL], 'events', ARGV[EVENTS], 'secret', ARGV[SECRET], 'version', 1, 'generation', 1,
    'state', is_active and 'active' or 'off', 'consecutiveFailures', 0, 'inFlight', 0, 'queuedBytes', 0, 'createdAt', now, 'updatedAt',
    now }
  add_filled(fields, 'chatbotId', ARGV[CHATBOT_ID])
  add_filled(fields, 'description', ARGV[DESCRIPTION])
  add_filled(fields, 'rateLimit', ARGV[RATE_LIMIT])
  add_filled(fields, 'autoResume', ARGV[AUTO_RESUME] == '1' and '1' or '')
  add_filled(fields, 'createdBy', ARGV[BY])
  add_filled(fields, 'updatedBy', ARGV[BY])
  if not is_active then
    add_filled(fields, 'disabledReason', 'owner')
    add_filled(fields, 'disabledAt', now)
    call('ZADD', PARKED, now, id)
  end
  call('HSET', key, unpack(fields))
  set_route(id)
end
return view(id)
