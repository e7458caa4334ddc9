-- endpoint_update: changes an endpoint to absolute values.
--
-- ARGV[OPERATION] is a fresh id of this change. ARGV[STATE]: the state that its owner gives it: 'active', 'paused', 'off', 'inactive' (off,
-- unless it is paused), 'disabled' if it is expected to be that already, or ''. ARGV[PARKED]: 'deliver' or 'discard', what becomes of
-- parked deliveries when it is switched on. A change to the value '' removes the field.
-- ARGV[CONDITION]: the tags of which it must have one, or `*`. ARGV[BY]: who changes it.
-- ARGV[HEADERS_ORIGIN]: the origin that the values of headers are sealed for, '' if none are given; ARGV[CLEARS_HEADERS]: '1' if they take
-- the place of all that there are. Another origin of the URL ends all that there are as well: whoever may change the URL must not be sent
-- somebody's credentials.
-- Returns {'changed', endpoint (see `view`)}, {'mismatch'} when it has none of the tags, {'not_disabled'} when it isn't disabled and was
-- expected to be, {'moved'} when its URL has another origin than the values were sealed for, {'too_many_headers'}, {'routes_too_long'},
-- {'type_gone', event type} when one of ARGV[TYPES] can't be subscribed to now, {'type_forbidden', event type} when the account may not have
-- it, or {} when the account has no such endpoint.
-- Guarantees: the same operation again changes nothing, whatever others have done in between. Switching on, and another URL,
-- start a new generation: results of the old one neither strike nor reset; a hold ends, and sending starts slowly. Releasing and
-- discarding take one step here, whatever waits; upkeep does the rest. What is still being released is parked again when the
-- endpoint is paused or switched off, and discarded with the rest. What was in flight when it was paused goes on counting.
local id, operation, wanted = ARGV[ENDPOINT], ARGV[OPERATION], ARGV[STATE]
local key, done = P .. 'endpoint:' .. id, P .. 'changed:' .. operation
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
elseif call('EXISTS', done) == 1 then
  return { 'changed', view(id) }
elseif not has_tag(id, ARGV[CONDITION]) then
  return { 'mismatch' }
end
local gone = unavailable_type(ARGV[TYPES])
if gone then
  return { 'type_gone', gone }
end
-- Forms send back what they read: what it subscribes to already stays.
local forbidden = ARGV[TYPES] ~= '' and terms.forbidden_type(terms.of(ARGV[ACCOUNT]), ARGV[TYPES], call('HGET', key, 'events'))
if forbidden then
  return { 'type_forbidden', forbidden }
end
local e = endpoint(id)
local changed, not_yet = false, wanted == 'paused' and upgrade_pending(4)
if not_yet then
  return not_yet
elseif wanted == 'disabled' and e.state ~= 'disabled' then
  return { 'not_disabled' }
elseif wanted == 'inactive' then
  wanted = e.state == 'paused' and 'paused' or 'off'
end

local given = {}
for _, change in ipairs(each_change) do
  given[ARGV[change + FIELD]] = ARGV[change + VALUE]
end
local url = given.url or e.url
if given.chatbotId or given.filters then
  local kept = call('HMGET', key, 'chatbotId', 'filters')
  local chatbots, filters = given.chatbotId or kept[1] or '', given.filters or kept[2] or ''
  local too_new = (filters ~= '' or length_of_list(chatbots) > 0) and upgrade_pending(4) -- programs of before would send too much
  if too_new then
    return too_new
  elseif are_routes_too_long(e.account, id, chatbots, filters, tonumber(ARGV[MOST_ROUTE_BYTES])) then
    return { 'routes_too_long' }
  end
end
local headers, refusal = changed_headers(call('HGET', key, 'headers') or '', e.url, url)
local pending = headers and headers ~= '' and upgrade_pending(4) -- a worker of before would send none of them
if refusal then
  return { refusal }
elseif pending then
  return pending
elseif headers then
  changed = true
  call('HINCRBY', key, 'version', 1)
  if headers == '' then
    call('HDEL', key, 'headers')
  else
    call('HSET', key, 'headers', headers)
  end
end
local now = read_clock()

for _, change in ipairs(each_change) do
  local field, value = ARGV[change + FIELD], ARGV[change + VALUE]
  local before = field == 'rateLimit' and operator.wanted_rate(id) or call('HGET', key, field) or ''
  if before ~= value then
    changed = true
    if field == 'rateLimit' then
      operator.set_rate(e, value)
    elseif value == '' then
      call('HDEL', key, field)
    else
      call('HSET', key, field, value)
    end
    if field == 'url' then
      call('HINCRBY', key, 'version', 1)
      e.generation = e.generation + 1
      e.slow, e.carries = false, '' -- of another receiver nothing is known
      end_hold(e)
      slow_start(e)
      call('ZREM', P .. 'failing', id) -- the next attempt decides
      forward.begin(id, 'better')
    elseif field == 'filters' then
      set_filters(e.account, id, value)
      call('HINCRBY', key, 'version', 1) -- the tag covers it
    elseif field == 'autoResume' then
      if resume.is_wanted(e) then
        resume.plan(id, resume.FIRST)
      else
        resume.finish(id)
      end
    end
  end
end

if (wanted == 'off' or wanted == 'paused') and e.state ~= wanted then
  changed = true
  log_state(id, wanted, 'owner')
  if wanted == 'off' then
    call('HDEL', key, 'recovering')
    call('HSET', key, 'disabledReason', 'owner')
  else
    call('HDEL', key, 'disabledReason')
    if e.state == 'disabled' then
      set(e, 'recovering', '1')
    end
  end
  call('HDEL', key, 'pausedBefore')
  call('HSET', key, 'disabledAt', now)
  stop(e, wanted)
  resume.finish(id)
elseif wanted == 'active' and operator.aside(e.state) ~= 'active' then
  changed = true
  enable(e, 'owner')
  if ARGV[PARKED] == 'discard' then
    local discarded = discard(id, operation)
    if discarded > 0 then
      write_log(id, { 'outcome', 'canceled', 'count', discarded })
    end
  else
    releases.begin(e, operation)
  end
end

if changed then
  call('SET', done, id, 'PX', 60000)
  call('HSET', key, 'updatedAt', now, 'updatedBy', ARGV[BY])
  settle(e)
  set_timer(e)
  flush()
  set_route(id)
  if e.state == 'active' then
    wake()
  end
end
return { 'changed', view(id) }
