-- account_events.lua: events about an account's own endpoints, delivered like any other.
--
-- They go to the operator, who is told of all accounts (operator_events.lua), and to the endpoints of the account that subscribe to them by
-- name, never by `*`, and never to the endpoint that they are about. Deliveries of account events cause no further ones, so that two endpoints that fail don't feed each other.

-- The most `delivery.exhausted` of an account in a minute. Those beyond are dropped, and counted as `accountEventsDropped`.
local MOST_TOLD = 60

-- A fresh event id; a script that may tell something sets it from its arguments.
local SPARE

-- The ids of events made here: with the time of the spare one, and what tells them from all others. The clock is among it because a call
-- that was cut off may be sent again, with the same spare id, and do something else then.
local spares = 0
local function fresh_event()
  spares = spares + 1
  return string.sub(SPARE, 1, 14) .. string.sub(redis.sha1hex(SPARE .. ' ' .. spares .. ' ' .. text_of(read_clock())), 1, 16)
end

local function is_account_event(kind)
  return kind == 'endpoint.disabled' or kind == 'endpoint.recovered' or kind == 'endpoint.held' or kind == 'delivery.exhausted'
end

-- The endpoints of an account that subscribe to account events, as pairs of id and route; looked up once. A caller may know the
-- account's routes.
local watchers = {}
local function watchers_of(account, known_routes)
  if not watchers[account] then
    local found, routes = {}, known_routes or try('HGETALL', P .. 'account:' .. account .. ':endpoints')
    for i = 1, #routes, 2 do
      if string.find(routes[i + 1], ',endpoint.', 1, true) or string.find(routes[i + 1], ',delivery.', 1, true) then
        found[#found + 1] = { routes[i], routes[i + 1] }
      end
    end
    watchers[account] = found
  end
  return watchers[account]
end

local function may_tell(account, kind)
  if kind ~= 'delivery.exhausted' then
    return true
  end
  local key = P .. 'account:' .. account .. ':told'
  local told = call('INCR', key)
  if told == 1 then
    call('PEXPIRE', key, 60000)
  end
  if told > MOST_TOLD then
    count('accountEventsDropped')
  end
  return told <= MOST_TOLD
end

-- Whether a route leads what is told of an endpoint with these chatbots to its own: if that wants one of them, or all.
local function concerns(route, kind, chatbots)
  local is_wanted = matches(route, kind, '', false)
  for chatbot in string.gmatch(chatbots, '[^\n]+') do
    is_wanted = is_wanted or matches(route, kind, chatbot, false)
  end
  return is_wanted
end

-- Of one chatbot the event says which.
local function only_chatbot(chatbots)
  return chatbots and string.byte(chatbots) ~= 10 and cjson.encode(chatbots) or 'null'
end

-- What an event says of an endpoint, as JSON text.
local function about(e, url)
  return '"endpointId":"' .. e.id .. '","url":' .. cjson.encode(url or '')
end

-- Tells the operator alone what happened to endpoint `e`. `data` is as JSON text what the event says besides the endpoint.
operator_events.of = function(kind, e, data)
  local v = call('HMGET', P .. 'endpoint:' .. e.id, 'chatbotId', 'url')
  operator_events.push(kind, string.sub(fresh_event(), 5), e.account, read_clock(), only_chatbot(v[1]), about(e, v[2]) .. data)
end

-- Tells an account, and the operator, what happened to endpoint `e`. `data` returns, as JSON text, what the event says besides the
-- endpoint; it is only called if somebody wants the event.
local function tell(kind, e, data)
  local listening, is_operator_told = watchers_of(e.account), operator_events.are_wanted()
  if #listening == 0 and not is_operator_told then
    return
  end
  local v = call('HMGET', P .. 'endpoint:' .. e.id, 'chatbotId', 'url')
  local told = {}
  for _, watcher in ipairs(listening) do
    if concerns(watcher[2], kind, v[1] or '') and watcher[1] ~= e.id and endpoint(watcher[1]) then
      told[#told + 1] = watcher[1]
    end
  end
  if #told == 0 and not is_operator_told or not may_tell(e.account, kind) then
    return
  end
  local now, id, said = read_clock(), fresh_event(), about(e, v[2]) .. data()
  if is_operator_told then
    operator_events.push(kind, string.sub(id, 5), e.account, now, only_chatbot(v[1]), said)
  end
  if #told == 0 then
    return
  end
  local body = '{"event":"' .. kind .. '","chatbotId":' .. only_chatbot(v[1]) .. ',"timestamp":"' .. time_text(now) .. '","data":{' .. said
    .. '}}'
  local charge = charge_of(#body)
  call('INCRBY', P .. 'account:' .. e.account .. ':bytes', charge)
  call('HSET', P .. 'event:' .. id, 'body', body, 'event', kind, 'account', e.account, 'refs', #told, 'deliveries', #told,
    'charge', charge, 'acceptedAt', now)
  for _, watcher in ipairs(told) do
    local w = endpoint(watcher)
    call('RPUSH', P .. 'pending:' .. watcher, 'dlv_' .. string.sub(id, 5) .. '_' .. string.sub(watcher, 4))
    w.bytes, w.is_unsettled = w.bytes + #body, true
  end
  count('events')
  count('deliveries', #told)
  wake()
end
