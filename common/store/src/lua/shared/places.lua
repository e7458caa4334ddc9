-- places.lua: who waits for a place of their account, or at their destination, and comes back when there is one. Accounts take turns
-- there as in the lanes (rounds.lua): one that comes to a destination at which 400 endpoints of another wait is the next but one.

-- So many that wait are looked at in a call.
local looks_left = 128

do
  -- When upkeep looks at those who wait, if nothing else has brought them back (ms).
  local LOOK_AFTER = 2000

  -- Turns are higher than this, so that those whom an earlier release has entered, with the time (µs), come first.
  local FIRST = 4e15

  -- Brings up to `most` of those who wait for a place back into their lanes, in order.
  local function bring_back(name, most)
    local place, lane = places[name], P .. 'waiting:' .. name
    while most > 0 and looks_left > 0 do
      local asked = math.min(most, looks_left)
      local popped = call('ZPOPMIN', lane, asked)
      for i = 1, #popped, 2 do
        local e = endpoint(popped[i])
        if e and settle(e) then
          most = most - 1
          rounds.note_return(lane, e.id, tonumber(popped[i + 1]))
        end
      end
      looks_left = looks_left - 1 - #popped / 2
      if #popped < 2 * asked then
        place.waits = false
        call('ZREM', WAITING, name)
        rounds.close(lane)
        return
      end
    end
  end

  -- Takes off the counts what was freed, and brings back as many. Of those who wait for a place of their own account it brings one more:
  -- a worker may have none for it at its address. At a destination the next one of all accounts comes when the one before has a place
  -- (`go_on`): of two that come at once the one whose turn it is might be the second each time.
  shares.settle_freed = function()
    if #freed_pairs == 0 then
      return
    end
    for _, name in ipairs(shares.take_off()) do
      local place = places[name]
      local brings = place.brings
      place.brings = nil
      if brings > 0 or place.taken == 0 then
        local is_destination = string.match(name, '^destination ') or string.match(name, '^slow destination ')
        bring_back(name, is_destination and math.max(1, brings) or brings + 1)
      end
    end
  end

  -- An endpoint has got a place: the next one that waits at its destination comes back, in case that shares have grown.
  shares.go_on = function(e)
    for i = 3, e.may_hang and 6 or 3, 3 do
      local name = e.names[i]
      if places[name].waits then
        bring_back(name, 1)
      end
    end
  end

  -- An endpoint waits for a place, behind those of its account that wait already. It must be in no lane. Where nobody waits, turns begin
  -- with the time, so that whatever turn an account has had there is over. `in_vain`: it just had a turn and got nothing.
  shares.wait = function(e, name, in_vain)
    local place, lane = places[name], P .. 'waiting:' .. name
    local again = in_vain and rounds.turn_again(lane, e.id)
    if again then
      call('ZADD', lane, 'NX', text_of(again), e.id)
    else
      local over, is_empty = rounds.look(lane, FIRST + read_clock() * 1000)
      local its_turn = rounds.next(lane, e.account, math.max(FIRST, over), is_empty)
      if call('ZADD', lane, 'NX', text_of(its_turn), e.id) == 0 then
        rounds.take_back(lane, e.account)
      end
    end
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
