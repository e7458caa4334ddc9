-- endpoint_create: makes an endpoint, unless its account has as many as it may.
--
-- ARGV[KEY_HASH] is of the caller's idempotency key, '' without one; ARGV[FINGERPRINT] stands for what it asked for.
-- ARGV[PAUSED]: '1' for one that was paused elsewhere, and stays so.
-- Returns {'created', endpoint (see `view`)}, {'again', endpoint, its secret} if another call made it with this key, {'overtaken', its
-- id} if it has been removed since or has another secret, 'conflict' if the key was used for something else, 'routes_too_long',
-- {'type_gone', event type} if one of ARGV[TYPES] can't be subscribed to now, {'type_forbidden', event type} if the account may not have
-- it, or {'too_many', how many it may have}.
-- Guarantees: the same id again changes nothing, and neither does the same key within its lifetime. The key's entry names the endpoint,
-- and holds no secret: it is read from the endpoint as long as that has the one that it was made with. Not `allow-oom`.
local id, account = ARGV[ENDPOINT], ARGV[ACCOUNT]
local key, routes = P .. 'endpoint:' .. id, P .. 'account:' .. account .. ':endpoints'
local creation = ARGV[KEY_HASH] ~= '' and P .. 'creation:' .. account .. ':' .. ARGV[KEY_HASH]
local known = creation and call('GET', creation)
if known then
  local fingerprint, made, number = string.match(known, '^(%S+) (%S+) (%d+)$')
  if fingerprint ~= ARGV[FINGERPRINT] then
    return 'conflict'
  elseif made ~= id then
    local kept = owned_endpoint(made, account, 'secret')
    if not kept or number_of(kept.secret) ~= tonumber(number) then
      return { 'overtaken', made }
    end
    return { 'again', view(made), kept.secret }
  end
end
local limits = terms.of(account)
local refusal = terms.refusal(account, limits) or misplaced(account)
if refusal then
  return refusal
elseif call('EXISTS', key) == 0 then
  local is_new_form = ARGV[PAUSED] == '1' or ARGV[HEADERS] ~= '' or ARGV[FILTERS] ~= '' or length_of_list(ARGV[CHATBOTS]) > 0
  local pending = is_new_form and upgrade_pending(4) -- programs of before would send too much, or without headers
  if pending then
    return pending
  elseif are_routes_too_long(account, id, ARGV[CHATBOTS], ARGV[FILTERS], tonumber(ARGV[MOST_ROUTE_BYTES])) then
    return 'routes_too_long'
  end
  local most = limits.endpoints or tonumber(ARGV[LIMIT])
  if call('HLEN', routes) >= most then
    return { 'too_many', most }
  end
  local gone = unavailable_type(ARGV[TYPES])
  if gone then
    return { 'type_gone', gone }
  end
  local forbidden = terms.forbidden_type(limits, ARGV[TYPES])
  if forbidden then
    return { 'type_forbidden', forbidden }
  end
  local now, is_active, hold = read_clock(), ARGV[ACTIVE] == '1', call('GET', operator.key_of(account))
  local fields = { 'account', account, 'url', ARGV[URL], 'events', ARGV[EVENTS], 'secret', ARGV[SECRET], 'version', 1, 'generation', 1,
    'state', ARGV[PAUSED] == '1' and 'paused' or not is_active and 'off' or hold and 'suspended' or 'active', 'consecutiveFailures', 0, 'inFlight', 0, 'queuedBytes', 0, 'createdAt', now, 'updatedAt',
    now }
  add_filled(fields, 'chatbotId', ARGV[CHATBOTS])
  add_filled(fields, 'filters', ARGV[FILTERS])
  add_filled(fields, 'description', ARGV[DESCRIPTION])
  add_filled(fields, 'headers', ARGV[HEADERS])
  add_filled(fields, 'rateLimit', ARGV[RATE_LIMIT])
  add_filled(fields, 'autoResume', ARGV[AUTO_RESUME] == '1' and '1' or '')
  add_filled(fields, 'createdBy', ARGV[BY])
  add_filled(fields, 'updatedBy', ARGV[BY])
  add_filled(fields, 'accountHold', hold or '')
  if not is_active then
    add_filled(fields, 'disabledReason', ARGV[PAUSED] == '1' and '' or 'owner')
    add_filled(fields, 'disabledAt', now)
  end
  if not is_active or hold then
    call('ZADD', PARKED, now, id)
  end
  call('HSET', key, unpack(fields))
  set_filters(account, id, ARGV[FILTERS])
  set_route(id)
  if creation then
    call('SET', creation, ARGV[FINGERPRINT] .. ' ' .. id .. ' ' .. number_of(ARGV[SECRET]), 'PX', ARGV[KEY_LIFETIME])
  end
end
return { 'created', view(id) }
