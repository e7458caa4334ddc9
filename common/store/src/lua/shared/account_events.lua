-- account_events.lua: events about an account's own endpoints, delivered like any other.
--
-- They go to the endpoints of the account that subscribe to them by name, never by `*`, and never to the endpoint that they
-- are about. Deliveries of account events cause no further ones, so that two endpoints that fail don't feed each other.

-- The most `delivery.exhausted` of an account in a minute. Those beyond are dropped, and counted as `accountEventsDropped`.
local MOST_TOLD = 60

-- A fresh event id; a script that may tell something sets it from its arguments.
local SPARE

-- The ids of events made here: the spare one with its last characters counting up.
local spares = 0
local function fresh_event()
  spares = spares + 1
  return string.sub(SPARE, 1, -4) .. base32(spares, 3)
end

-- The text of a time: RFC 3339, UTC, with milliseconds. The date after Howard Hinnant's civil_from_days.
local function time_text(ms)
  local seconds, floor = math.floor(ms / 1000), math.floor
  local days, of_day = floor(seconds / 86400), seconds % 86400
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local day, month = doy - floor((153 * mp + 2) / 5) + 1, mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month, day, floor(of_day / 3600),
    floor(of_day / 60) % 60, of_day % 60, ms % 1000)
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

-- Tells an account what happened to endpoint `e`. `data` returns, as JSON text, what the event says besides the endpoint; it is
-- only called if some endpoint wants the event.
local function tell(kind, e, data)
  local listening = watchers_of(e.account)
  if #listening == 0 then
    return
  end
  local v = call('HMGET', P .. 'endpoint:' .. e.id, 'chatbotId', 'url')
  local told = {}
  for _, watcher in ipairs(listening) do
    if concerns(watcher[2], kind, v[1] or '') and watcher[1] ~= e.id and endpoint(watcher[1]) then
      told[#told + 1] = watcher[1]
    end
  end
  if #told == 0 or not may_tell(e.account, kind) then
    return
  end
  local now, id = read_clock(), fresh_event()
  local only = v[1] and string.byte(v[1]) ~= 10 and cjson.encode(v[1]) or 'null'
  local body = '{"event":"' .. kind .. '","chatbotId":' .. only .. ',"timestamp":"'
    .. time_text(now) .. '","data":{"endpointId":"' .. e.id .. '","url":' .. cjson.encode(v[2] or '') .. data() .. '}}'
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
