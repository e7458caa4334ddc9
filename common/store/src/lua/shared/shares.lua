-- shares.lua: how many more attempts an endpoint may have, by the shares of its account and its destination (see tally.lua). Who waits
-- for a place stands in places.lua.

-- The most attempts of an account at one destination. `work` sets it.
local MOST_AT_DESTINATION = math.huge

-- The pairs of account and destination whose attempts this call freed.
local freed_pairs = {}

local shares = {}
do
  -- An account shares with others that were served so lately (ms), which may be there again any moment.
  local LATELY = 10000

  -- A share is at most this times the slots that are left.
  local PART = 7

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
      if place == 4 then
        list[1], list[2], list[3], list[4] = who, now, list[1], list[2]
      end
      list[2], list.is_changed = now, true
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
    local names = tally.know_of(e)
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
    local now, is_bound = read_clock(), e.is_unproven
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

  -- Where attempts at an endpoint are counted now, as their tokens say it.
  shares.mark_of = function(e)
    local names = tally.know_of(e)
    return (e.may_hang and '~' or '') .. names[1]
  end

  -- Counts so many attempts at an endpoint there.
  shares.take = function(e, attempts)
    local names, number = tally.know_of(e)
    for i = 1, number do
      local place = places[names[i]]
      place.taken = place.taken + attempts
      if place.waits then
        rounds.forget(P .. 'waiting:' .. names[i], e.id)
      end
    end
    if not e.pair.is_noted then
      note('accounts', e.account, read_clock())
      note('destinations', e.at, read_clock())
      e.pair.is_noted = true
    end
  end

  -- An attempt is over that was counted as the terms of its token say. `is_quiet`: that brings nobody back but the last ones.
  shares.free = function(terms, is_quiet)
    local name = terms.name
    if not name then
      return
    end
    local pair = pairs_known[name] or tally.pair_of(name)
    local freed, slow = pair.freed, terms.is_slow
    if freed == 0 then
      freed_pairs[#freed_pairs + 1] = pair
    end
    pair.freed = freed + 1
    if slow then
      pair.freed_slow = pair.freed_slow + 1
    end
    if is_quiet then
      pair.quiet, pair.quiet_slow = pair.quiet + 1, pair.quiet_slow + (slow and 1 or 0)
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
    tally.know(all, #all)
    for _, pair in ipairs(freed_pairs) do
      for i = 1, pair.freed_slow > 0 and 6 or 3 do
        local place, is_slow = places[pair.names[i]], i > 3
        place.taken = math.max(0, place.taken - (is_slow and pair.freed_slow or pair.freed))
        if place.waits then
          if not place.brings then
            waited_for[#waited_for + 1], place.brings = pair.names[i], 0
          end
          place.brings = place.brings + (is_slow and pair.freed_slow - pair.quiet_slow or pair.freed - pair.quiet)
        end
      end
      pair.freed, pair.freed_slow, pair.quiet, pair.quiet_slow = 0, 0, 0, 0
    end
    freed_pairs = {}
    return waited_for
  end
end
