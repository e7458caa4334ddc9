-- shares.lua: how many attempts are in flight for each account, at each destination (host and port), and for each account at each
-- destination, and how many more an endpoint may have. Who waits for a place stands in places.lua.
--
-- `shares` has the counts: `account <a>`, `destination <host:port>`, `<host:port> <a>`, and each of these once more behind `slow ` for
-- attempts at endpoints that may hang: slow ones, and those that have not answered since they began (slow start). A `w` behind a
-- count says that endpoints wait for such a place, in `waiting:<name>`, in order of their turns. The token of a lease says where
-- it was counted, so the counts are exact whatever happens to its endpoint meanwhile. Counts are read when they are needed, and
-- written once, by `write`.
local SHARES, WAITING = P .. 'shares', P .. 'waiting'

-- The most attempts of an account at one destination. `work` sets it.
local MOST_AT_DESTINATION = math.huge

-- The counts that this call knows; what it freed, and in which order; who was served last.
local places, freed, freed_names, latest = {}, {}, {}, nil

local shares = {}
do
  -- An account shares with others that were served so lately (ms), which may be there again any moment.
  local LATELY = 10000

  -- A share is at most this times the slots that are left.
  local PART = 7

  -- Where a URL leads: host and port. URLs are stored as the parser writes them.
  local function destination_of(url)
    local scheme, authority = string.match(url, '^(%l+)://([^/?#|%s]+)')
    local host = string.match(authority or '', '([^@]+)$')
    if not host then
      return '-'
    end
    local name, port = string.match(host, '^(.*):(%d+)$')
    name = string.gsub(name or host, '%.$', '')
    return name .. ':' .. (port or scheme == 'https' and '443' or '80')
  end

  local function is_unproven(e)
    return e.limit <= 1 and CAP > 1
  end

  local function names_in(at, account, may_hang)
    local names = { at .. ' ' .. account, 'account ' .. account, 'destination ' .. at }
    if may_hang then
      for i = 1, 3 do
        names[i + 3] = 'slow ' .. names[i]
      end
    end
    return names
  end

  -- The names under which an endpoint's attempts are counted now.
  local function names_of(e)
    local may_hang = e.slow or is_unproven(e)
    if not e.names or e.may_hang ~= may_hang then
      e.at = e.at or destination_of(e.url)
      e.names, e.may_hang = names_in(e.at, e.account, may_hang), may_hang
    end
    return e.names
  end

  -- The names under which a lease was counted; nil if the release before made it, which counted none.
  local function names_in_token(token)
    local mark, at, account = string.match(token, '^[^|]*|(~?)([^|%s]+) ([^|%s]+)|')
    return at and names_in(at, account, mark == '~')
  end

  local function place_of(text)
    local number, waits = string.match(text or '', '^(%d+)(w?)$')
    return { taken = tonumber(number) or 0, waits = waits == 'w', was = text or '' }
  end

  -- The two that were served last, each with when: as `<who> <ms> <who> <ms>`.
  local function read_latest(text)
    local list = {}
    for who, at in string.gmatch(text or '', '(%S+) (%d+)') do
      list[#list + 1], list[#list + 2] = who, tonumber(at)
    end
    return list
  end

  -- Reads those of these counts that are not known yet.
  shares.know = function(names)
    local unknown = {}
    for _, name in ipairs(names) do
      if not places[name] then
        unknown[#unknown + 1] = name
      end
    end
    if #unknown == 0 then
      return
    end
    local number = #unknown
    if not latest then
      unknown[number + 1], unknown[number + 2] = 'accounts', 'destinations'
    end
    local texts = call('HMGET', SHARES, unpack(unknown))
    for i = 1, number do
      places[unknown[i]] = place_of(texts[i])
    end
    latest = latest or { accounts = read_latest(texts[number + 1]), destinations = read_latest(texts[number + 2]) }
  end

  local function are_others(list, who, now)
    return list[1] and list[1] ~= who and now - list[2] < LATELY or list[3] and list[3] ~= who and now - list[4] < LATELY
  end

  -- Notes who is served, to the second.
  local function note(name, who, now)
    local list = latest[name]
    local place = list[1] == who and 2 or list[3] == who and 4
    if not place then
      list[1], list[2], list[3], list[4] = who, now, list[1], list[2]
      list.is_changed = true
    elseif now - list[place] >= 1000 then
      list[place], list.is_changed = now, true
    end
  end

  -- How many more than are `taken` a share allows, of the slots that are `free` in all and `free_slow` for slow endpoints. It shrinks
  -- with each that is handed out. Nobody's share is less than one.
  local function share_left(taken, may_hang, free, free_slow)
    local left = (PART * free - taken) / (PART + 1)
    if may_hang then
      left = math.min((free / 2 - taken) / 1.5, (free_slow - taken) / 2)
    end
    return taken == 0 and math.max(1, math.ceil(left)) or math.ceil(left)
  end

  -- How many more an endpoint may have in flight; if none, the name of the count that has no place for it. Shares bind while others
  -- are served as well, and always those who have not shown that they answer.
  shares.room = function(e, free, free_slow)
    local names = names_of(e)
    shares.know(names)
    local room, may_hang = MOST_AT_DESTINATION - places[names[1]].taken, e.may_hang
    if room <= 0 then
      return 0, names[1]
    end
    if may_hang then
      room = math.min(room, math.max(1, math.floor(MOST_AT_DESTINATION / 2)) - places[names[4]].taken)
      if room <= 0 then
        return 0, names[4]
      end
    end
    local now, is_bound = read_clock(), is_unproven(e)
    for i = 2, 3 do
      if is_bound or are_others(i == 2 and latest.accounts or latest.destinations, i == 2 and e.account or e.at, now) then
        local name = names[may_hang and i + 3 or i]
        local left = share_left(places[name].taken, may_hang, free, free_slow)
        if left <= 0 then
          return 0, name
        end
        room = math.min(room, left)
      end
    end
    return room
  end

  -- Counts an attempt at an endpoint; returns where, as the token says it.
  shares.take = function(e)
    local names, now = names_of(e), read_clock()
    shares.know(names)
    for _, name in ipairs(names) do
      places[name].taken = places[name].taken + 1
    end
    note('accounts', e.account, now)
    note('destinations', e.at, now)
    return (e.may_hang and '~' or '') .. names[1]
  end

  -- An attempt is over. `is_quiet`: that brings nobody back but the last ones.
  shares.free = function(token, is_quiet)
    for _, name in ipairs(names_in_token(token) or {}) do
      local one = freed[name]
      if not one then
        one = { number = 0, brings = 0 }
        freed[name], freed_names[#freed_names + 1] = one, name
      end
      one.number = one.number + 1
      one.brings = one.brings + (is_quiet and 0 or 1)
    end
  end

  -- Counts anew what is in flight, by the tokens.
  shares.recount = function(tokens)
    local counts, stored = {}, call('HGETALL', SHARES)
    for _, token in ipairs(tokens) do
      for _, name in ipairs(names_in_token(token) or {}) do
        counts[name] = (counts[name] or 0) + 1
      end
    end
    for i = 1, #stored, 2 do
      local name = stored[i]
      if name ~= 'accounts' and name ~= 'destinations' then
        places[name] = places[name] or place_of(stored[i + 1])
        counts[name] = counts[name] or 0
      end
    end
    for name, taken in pairs(counts) do
      places[name] = places[name] or place_of()
      places[name].taken = taken
    end
  end

  -- Writes what this call changed.
  shares.write = function()
    local written, gone = {}, {}
    for name, place in pairs(places) do
      local text = (place.taken > 0 or place.waits) and text_of(place.taken) .. (place.waits and 'w' or '') or ''
      if text == '' and place.was ~= '' then
        gone[#gone + 1] = name
      elseif text ~= place.was then
        written[#written + 1], written[#written + 2] = name, text
      end
    end
    for name, list in pairs(latest or {}) do
      if list.is_changed then
        written[#written + 1], written[#written + 2] = name, string.format('%s %d %s %d', list[1], list[2], list[3] or list[1],
          list[4] or 0)
      end
    end
    if #written > 0 then
      call('HSET', SHARES, unpack(written))
    end
    if #gone > 0 then
      call('HDEL', SHARES, unpack(gone))
    end
  end
end
