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

-- The counts that this call knows, by name; the pairs of account and destination (see `pair_of`) that it knows, and those of them
-- whose attempts it freed; who was served last.
local places, pairs_known, freed_pairs, latest = {}, {}, {}, nil

local shares = {}
do
  -- An account shares with others that were served so lately (ms), which may be there again any moment.
  local LATELY = 10000

  -- A share is at most this times the slots that are left.
  local PART = 7

  -- Where a URL leads: host and port. URLs are stored as the parser writes them.
  local destination_of = remembered(function(url)
    local scheme, authority = string.match(url, '^(%l+)://([^/?#|%s]+)')
    local host = string.match(authority or '', '([^@]+)$')
    if not host then
      return '-'
    end
    local name, port = string.match(host, '^(.*):(%d+)$')
    name = string.gsub(name or host, '%.$', '')
    return name .. ':' .. (port or scheme == 'https' and '443' or '80')
  end)

  local function is_unproven(e)
    return e.limit <= 1 and CAP > 1
  end

  -- The names under which attempts of `<host:port> <account>` are counted; the last three are for those that may hang.
  local names_of_pair = remembered(function(name)
    local at, account = string.match(name, '^(%S+) (%S+)$')
    local names = { name, 'account ' .. (account or ''), 'destination ' .. (at or '') }
    for i = 1, 3 do
      names[i + 3] = 'slow ' .. names[i]
    end
    return names
  end)

  -- An account at a destination, by the name of their count.
  local function pair_of(name)
    local pair = pairs_known[name]
    if not pair then
      pair = { names = names_of_pair(name), freed = 0, freed_slow = 0, brings = 0, brings_slow = 0 }
      pairs_known[name] = pair
    end
    return pair
  end

  -- The names under which an endpoint's attempts are counted now, and how many of them that are.
  local function names_of(e)
    if not e.pair then
      e.at = destination_of(e.url)
      e.pair = pair_of(e.at .. ' ' .. e.account)
      e.names = e.pair.names
    end
    e.may_hang = e.slow or is_unproven(e)
    return e.names, e.may_hang and 6 or 3
  end

  -- What a token says of its lease: where it was counted (see `free`; nil if an older release made it, which counted none), how
  -- many were in flight with it, the endpoint's generation, the attempt's number, and the payload's size.
  shares.parse_token = function(token)
    local mark, name, beside, generation, attempt, size =
      string.match(token, '^[^|]*|(~?)([^|]+ [^|]+)|(%d*)|(%d+)|(%d+)|(%d+)$')
    if not mark then
      beside, generation, attempt, size = string.match(token, '|?(%d*)|(%d+)|(%d+)|(%d+)$')
    end
    return mark, name, beside, generation, attempt, size
  end

  local function place_of(text)
    local number = tonumber(text or 0)
    local waits = not number and string.sub(text, -1) == 'w'
    if waits then
      number = tonumber(string.sub(text, 1, -2))
    end
    -- What can't be read is written anew.
    return { taken = number or 0, waits = waits, was_taken = number or -1, waited = waits }
  end

  -- The two that were served last, each with when: as `<who> <ms> <who> <ms>`.
  local function read_latest(text)
    local who, at, before, before_at = string.match(text or '', '^(%S+) (%d+) (%S+) (%d+)$')
    return who and { who, tonumber(at), before, tonumber(before_at) } or {}
  end

  -- Reads those of these counts that are not known yet: the first `number`.
  shares.know = function(names, number)
    local unknown
    for i = 1, number do
      if not places[names[i]] then
        unknown = unknown or {}
        unknown[#unknown + 1] = names[i]
      end
    end
    if unknown then
      local texts = call('HMGET', SHARES, unpack(unknown))
      for i, name in ipairs(unknown) do
        places[name] = place_of(texts[i])
      end
    end
  end

  -- The same for an endpoint, and who was served last. Returns its names, and how many of them count.
  local function know_of(e)
    local names, number = names_of(e)
    if latest then
      shares.know(names, number)
    else
      local texts = call('HMGET', SHARES, 'accounts', 'destinations', unpack(names, 1, number))
      latest = { accounts = read_latest(texts[1]), destinations = read_latest(texts[2]) }
      for i = 1, number do
        places[names[i]] = places[names[i]] or place_of(texts[i + 2])
      end
    end
    return names, number
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
    local names = know_of(e)
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
    local names, number = know_of(e)
    for i = 1, number do
      local place = places[names[i]]
      place.taken = place.taken + 1
    end
    if not e.pair.is_noted then
      note('accounts', e.account, read_clock())
      note('destinations', e.at, read_clock())
      e.pair.is_noted = true
    end
    return (e.may_hang and '~' or '') .. names[1]
  end

  -- An attempt is over that was counted there, as its token says. `is_quiet`: that brings nobody back but the last ones.
  shares.free = function(mark, name, is_quiet)
    if not mark then
      return
    end
    local pair = pair_of(name)
    if not pair.is_freed then
      freed_pairs[#freed_pairs + 1], pair.is_freed = pair, true
    end
    pair.freed = pair.freed + 1
    pair.brings = pair.brings + (is_quiet and 0 or 1)
    if mark == '~' then
      pair.freed_slow = pair.freed_slow + 1
      pair.brings_slow = pair.brings_slow + (is_quiet and 0 or 1)
    end
  end

  -- Takes off the counts what was freed. Returns the names for which somebody waits, in order.
  shares.take_off = function()
    local waited_for, all = {}, {}
    for _, pair in ipairs(freed_pairs) do
      for i = 1, pair.freed_slow > 0 and 6 or 3 do
        all[#all + 1] = pair.names[i]
      end
    end
    shares.know(all, #all)
    for _, pair in ipairs(freed_pairs) do
      for i = 1, pair.freed_slow > 0 and 6 or 3 do
        local place, is_slow = places[pair.names[i]], i > 3
        place.taken = math.max(0, place.taken - (is_slow and pair.freed_slow or pair.freed))
        if place.waits then
          if not place.brings then
            waited_for[#waited_for + 1], place.brings = pair.names[i], 0
          end
          place.brings = place.brings + (is_slow and pair.brings_slow or pair.brings)
        end
      end
      pair.is_freed, pair.freed, pair.freed_slow, pair.brings, pair.brings_slow = false, 0, 0, 0, 0
    end
    freed_pairs = {}
    return waited_for
  end

  -- Counts anew what is in flight, by the tokens.
  shares.recount = function(tokens)
    local counts, stored = {}, call('HGETALL', SHARES)
    for _, token in ipairs(tokens) do
      local mark, name = shares.parse_token(token)
      for i = 1, not mark and 0 or mark == '~' and 6 or 3 do
        local counted_as = names_of_pair(name)[i]
        counts[counted_as] = (counts[counted_as] or 0) + 1
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
      if place.taken ~= place.was_taken or place.waits ~= place.waited then
        if place.taken == 0 and not place.waits then
          gone[#gone + 1] = name
        else
          written[#written + 1], written[#written + 2] = name, text_of(place.taken) .. (place.waits and 'w' or '')
        end
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
