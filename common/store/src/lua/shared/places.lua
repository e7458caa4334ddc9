-- places.lua: who waits for a place of their account, or at their destination, and comes back when there is one.

-- So many that wait are looked at in a call; how many began to wait in it.
local looks_left, waits_begun = 128, 0

do
  -- When upkeep looks at those who wait, if nothing else has brought them back (ms).
  local LOOK_AFTER = 2000

  -- Brings up to `most` of those who wait for a place back into their lanes, in order.
  local function bring_back(name, most)
    local place = places[name]
    while most > 0 and looks_left > 0 do
      local asked = math.min(most, looks_left)
      local popped = call('ZPOPMIN', P .. 'waiting:' .. name, asked)
      for i = 1, #popped, 2 do
        local e = endpoint(popped[i])
        if e and settle(e) then
          most = most - 1
        end
      end
      looks_left = looks_left - 1 - #popped / 2
      if #popped < 2 * asked then
        place.waits = false
        call('ZREM', WAITING, name)
        return
      end
    end
  end

  -- Takes off the counts what was freed, and brings back one more than that: those who wait get more as soon as they may.
  shares.settle_freed = function()
    if #freed_pairs == 0 then
      return
    end
    for _, name in ipairs(shares.take_off()) do
      local place = places[name]
      local brings = place.brings
      place.brings = nil
      if brings > 0 or place.taken == 0 then
        bring_back(name, brings + 1)
      end
    end
  end

  -- An endpoint waits for a place, behind those that wait already. It must be in no lane.
  shares.wait = function(e, name)
    local place = places[name]
    waits_begun = waits_begun + 1
    call('ZADD', P .. 'waiting:' .. name, 'NX', text_of(read_clock() * 1000 + waits_begun), e.id)
    if not place.waits then
      place.waits = true
      call('ZADD', WAITING, text_of(read_clock() + LOOK_AFTER), name)
    end
  end

  -- A worker found no place at the endpoint's address: it waits until another attempt of its account is over. Returns whether there
  -- is one.
  shares.wait_for_account = function(e)
    local name = 'account ' .. e.account
    tally.know({ name }, 1)
    if places[name].taken > 0 then
      shares.wait(e, name)
      return true
    end
    return false
  end

  -- An endpoint had its turn and took no place. If nobody else of those who share its places will free one, the next one comes.
  shares.pass_on = function(e)
    for i = 1, e.names and (e.may_hang and 6 or 3) or 0 do
      local name = e.names[i]
      if places[name].waits and places[name].taken == 0 then
        bring_back(name, 1)
      end
    end
  end

  -- Upkeep looks at those who wait for a place, in case that whoever was to bring them back didn't.
  shares.look_again = function(name)
    tally.know({ name }, 1)
    local place = places[name]
    place.waits = true
    bring_back(name, place.taken == 0 and 64 or 1)
    if place.waits then
      call('ZADD', WAITING, text_of(read_clock() + LOOK_AFTER), name)
    end
  end
end
