-- tally.lua: how many attempts are in flight for each account, at each destination (host and port), and for each account at each
-- destination.
--
-- `shares` has the counts: `account <a>`, `destination <host:port>`, `<host:port> <a>`, and each of these once more behind `slow ` for
-- attempts at endpoints that may hang: slow ones, and those that have not answered since they began (slow start). A `w` behind a
-- count says that endpoints wait for such a place, in `waiting:<name>`, in order of their turns. The token of a lease says where
-- it was counted, so the counts are exact whatever happens to its endpoint meanwhile. Counts are read when they are needed, and
-- written once, by `write`.
local SHARES, WAITING = P .. 'shares', P .. 'waiting'

-- The counts that this call knows, by name; the pairs of account and destination (see `pair_of`) that it knows; who was served last.
local places, pairs_known, latest = {}, {}, nil

local tally = {}
do
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
  tally.pair_of = function(name)
    local pair = pairs_known[name]
    if not pair then
      pair = { names = names_of_pair(name), freed = 0, freed_slow = 0, quiet = 0, quiet_slow = 0 }
      pairs_known[name] = pair
    end
    return pair
  end

  -- The names under which an endpoint's attempts are counted now, and how many of them that are.
  local function names_of(e)
    if not e.pair then
      e.at = destination_of(e.url)
      e.pair = tally.pair_of(e.at .. ' ' .. e.account)
      e.names = e.pair.names
    end
    e.is_unproven = e.limit <= 1 and CAP > 1
    e.may_hang = e.slow or e.is_unproven
    return e.names, e.may_hang and 6 or 3
  end

  -- What stands in a token between the worker's call and the payload's size. The leases of one endpoint have it in common.
  local terms_of = remembered(function(text)
    local mark, name, beside, generation, attempt = string.match(text, '^(~?)([^|]+ [^|]+)|(%d*)|(%d+)|(%d+)$')
    if not mark then
      beside, generation, attempt = string.match(text, '^(%d+)|(%d+)|(%d+)$')
    end
    if not generation then
      generation, attempt = string.match(text, '(%d+)|(%d+)$')
    end
    return { name = name, is_slow = mark == '~', beside = tonumber(beside), generation = generation, attempt = attempt }
  end)

  -- What a token says of its lease: its terms, which nobody may change, and the payload's size. The terms are the `name` under which it
  -- was counted, and whether as slow (see `free`; no name if an older release made it, which counted none), how many were in flight
  -- with it, the endpoint's generation, and the attempt's number.
  tally.parse_token = function(token)
    local text, size = string.match(token, '^(.*)|(%d+)$', (string.find(token, '|', 1, true) or 0) + 1)
    return terms_of(text or ''), size
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

  -- Reads those of these counts that are not known yet (the first `number`), and who was served last if that is or may be wanted.
  tally.know = function(names, number, wants_latest)
    local unknown
    for i = 1, number do
      if not places[names[i]] then
        unknown = unknown or {}
        unknown[#unknown + 1] = names[i]
      end
    end
    if not unknown and (latest or not wants_latest) then
      return
    end
    unknown = unknown or {}
    local counts = #unknown
    if not latest and (wants_latest or reads_targets) then
      unknown[counts + 1], unknown[counts + 2] = 'accounts', 'destinations'
    end
    local texts = call('HMGET', SHARES, unpack(unknown))
    for i = 1, counts do
      places[unknown[i]] = place_of(texts[i])
    end
    if #unknown > counts then
      latest = { accounts = read_latest(texts[counts + 1]), destinations = read_latest(texts[counts + 2]) }
    end
  end

  -- The same for an endpoint, and who was served last. Returns its names, and how many of them count.
  tally.know_of = function(e)
    local names, number = names_of(e)
    tally.know(names, number, true)
    return names, number
  end

  -- Counts anew what is in flight, by the tokens.
  tally.recount = function(tokens)
    local counts, stored = {}, call('HGETALL', SHARES)
    for _, token in ipairs(tokens) do
      local terms = tally.parse_token(token)
      for i = 1, not terms.name and 0 or terms.is_slow and 6 or 3 do
        local counted_as = names_of_pair(terms.name)[i]
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
  tally.write = function()
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
    -- In portions, since Lua's stack holds some thousand values; an even number, so that a name stays with its count.
    for from = 1, #written, 4000 do
      call('HSET', SHARES, unpack(written, from, math.min(from + 3999, #written)))
    end
    for from = 1, #gone, 4000 do
      call('HDEL', SHARES, unpack(gone, from, math.min(from + 3999, #gone)))
    end
  end
end
