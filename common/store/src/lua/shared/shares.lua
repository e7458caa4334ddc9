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

-- The counts that this call knows; accounts at destinations, by both; those of them whose attempts it freed; who was served last.
local places, pairs_at, freed_pairs, latest = {}, {}, {}, nil

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

  -- An account at a destination: the names under which its attempts are counted, and those of attempts that may hang.
  local function pair_of(at, account)
    local of_accounts = pairs_at[at] or {}
    pairs_at[at] = of_accounts
    local pair = of_accounts[account]
    if not pair then
      local names = { at .. ' ' .. account, 'account ' .. account, 'destination ' .. at }
      pair = { names = names, freed = 0, freed_slow = 0, brings = 0, brings_slow = 0 }
      of_accounts[account] = pair
    end
    return pair
  end

  local function slow_names_of(pair)
    if not pair.slow_names then
      local names = pair.names
      pair.slow_names = { names[1], names[2], names[3], 'slow ' .. names[1], 'slow ' .. names[2], 'slow ' .. names[3] }
    end
    return pair.slow_names
  end

  -- The names under which an endpoint's attempts are counted now.
  local function names_of(e)
    local may_hang = e.slow or is_unproven(e)
    if not e.names or e.may_hang ~= may_hang then
      e.at = e.at or destination_of(e.url)
      e.pair = pair_of(e.at, e.account)
      e.names, e.may_hang = may_hang and slow_names_of(e.pair) or e.pair.names, may_hang
    end
    return e.names
  end

  -- What a token says of its lease: where it was counted (see `free`; all nil if an older release made it, which counted none), how
  -- many were in flight with it, the endpoint's generation, the attempt's number, and the payload's size.
  shares.parse_token = function(token)
    local mark, at, account, beside, generation, attempt, size =
      string.match(token, '^[^|]*|(~?)([^|%s]+) ([^|%s]+)|(%d*)|(%d+)|(%d+)|(%d+)$')
    if not mark then
      beside, generation, attempt, size = string.match(token, '|?(%d*)|(%d+)|(%d+)|(%d+)$')
    end
    return mark, at, account, beside, generation, attempt, size
  end

  local function place_of(text)
    local number, waits = string.match(text or '', '^(%d+)(w?)$')
    number = tonumber(number)
    -- What can't be read is written anew.
    return { taken = number or 0, waits = waits == 'w', was_taken = number or text and -1 or 0, waited = waits == 'w' }
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
    for i = 1, #names do
      local place = places[names[i]]
      place.taken = place.taken + 1
    end
    if not e.pair.is_noted then
      note('accounts', e.account, now)
      note('destinations', e.at, now)
      e.pair.is_noted = true
    end
    return (e.may_hang and '~' or '') .. names[1]
  end

  -- An attempt is over that was counted there, as its token says. `is_quiet`: that brings nobody back but the last ones.
  shares.free = function(mark, at, account, is_quiet)
    if not mark then
      return
    end
    local pair = pair_of(at, account)
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

  -- Takes off the counts what was freed. Returns the names for which somebody waits, in order, and how many were freed there.
  shares.take_off = function()
    local waited_for, all = {}, {}
    for _, pair in ipairs(freed_pairs) do
      for _, name in ipairs(pair.freed_slow > 0 and slow_names_of(pair) or pair.names) do
        all[#all + 1] = name
      end
    end
    shares.know(all)
    for _, pair in ipairs(freed_pairs) do
      local names = pair.freed_slow > 0 and slow_names_of(pair) or pair.names
      for i = 1, #names do
        local place, is_slow = places[names[i]], i > 3
        place.taken = math.max(0, place.taken - (is_slow and pair.freed_slow or pair.freed))
        if place.waits then
          if not place.brings then
            waited_for[#waited_for + 1], place.brings = names[i], 0
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
      local mark, at, account = shares.parse_token(token)
      local pair = mark and pair_of(at, account)
      for _, name in ipairs(pair and (mark == '~' and slow_names_of(pair) or pair.names) or {}) do
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
