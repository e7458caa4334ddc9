-- operator_events.lua: what the operator of the service is told of all accounts (OPERATOR_EVENTS_URL), so that somebody hears of it.
--
-- `operator` is a list of `<26 characters of an id> <event type> <body>`, oldest first, which a worker sends one by one; `operator:bytes`
-- says how long they are together.

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

-- `announced`: what workers have announced: whether anybody is told, and how many attempts a delivery has. Read once in a call that
-- doesn't know it.
local operator_events = {}
operator_events.announced = nil
do
  -- So many bytes wait at most: then the oldest go, and are counted.
  local MOST_BYTES = 67108864

  local function look()
    operator_events.announced = operator_events.announced or call('HMGET', P .. 'policy', 'operatorEvents', 'maxAttempts')
    return operator_events.announced
  end

  operator_events.are_wanted = function()
    return look()[1] == '1'
  end

  -- Whether an attempt with this number is the last one before a delivery is given up.
  operator_events.is_last = function(attempt)
    return attempt == tonumber(look()[2])
  end

  -- Adds an event about an account. `id`: 26 characters; `ms`: when it happened; `chatbot` and `data` are JSON text.
  operator_events.push = function(kind, id, account, ms, chatbot, data)
    local text = id .. ' ' .. kind .. ' {"event":"' .. kind .. '","accountId":' .. cjson.encode(account) .. ',"chatbotId":' .. chatbot
      .. ',"timestamp":"' .. time_text(ms) .. '","data":{' .. data .. '}}'
    if lua_type(try('RPUSH', P .. 'operator', text)) == 'table' then
      -- Something else is in its place, which must not stop what is being told.
      note_corrupt('operator', 'operator')
      call('DEL', P .. 'operator', P .. 'operator:bytes')
      call('RPUSH', P .. 'operator', text)
    end
    local bytes = call('INCRBY', P .. 'operator:bytes', #text)
    while bytes > MOST_BYTES do
      local gone = call('LPOP', P .. 'operator')
      if not gone then
        call('DEL', P .. 'operator:bytes')
        return
      end
      bytes = call('DECRBY', P .. 'operator:bytes', #gone)
      call('HINCRBY', STATS, 'operatorEventsDropped', 1)
    end
  end
end
