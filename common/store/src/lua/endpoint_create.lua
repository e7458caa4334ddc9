-- endpoint_create: makes an endpoint, unless its account has as many as it may.
--
-- ARGV: endpoint id, account, most endpoints of an account, url, events (comma-separated), chatbot id or '', description
--       or '', sealed secret.
-- Returns the endpoint (see `view`), or {} when the account has too many.
-- Guarantees: the same id again changes nothing. Not `allow-oom`.
local id, account = ARGV[1], ARGV[2]
local key, routes = P .. 'endpoint:' .. id, P .. 'account:' .. account .. ':endpoints'
if call('EXISTS', key) == 0 then
  if call('HLEN', routes) >= tonumber(ARGV[3]) then
    return {}
  end
  local now = read_clock()
  call('HSET', key, 'account', account, 'url', ARGV[4], 'events', ARGV[5], 'secret', ARGV[8], 'version', 1, 'generation', 1,
    'state', 'active', 'consecutiveFailures', 0, 'inFlight', 0, 'queuedBytes', 0, 'createdAt', now, 'updatedAt', now)
  if ARGV[6] ~= '' then
    call('HSET', key, 'chatbotId', ARGV[6])
  end
  if ARGV[7] ~= '' then
    call('HSET', key, 'description', ARGV[7])
  end
  set_route(id)
end
return view(id)
