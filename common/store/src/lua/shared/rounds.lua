-- rounds.lua: whose turn is next. Lanes are sorted by turn, the lowest first, and accounts take turns there, whether one has one
-- endpoint in a lane or 400: whoever enters gets the turn behind the last one of its account, or the next one if that is over
-- (start-time fair queueing, with the account as the flow). So an account's endpoints take turns among themselves as well.
--
-- `account:<a>:turn` has an account's last turn in `ready`, `account:<a>:turn:slow` in `ready:slow`, where turns lag behind while slow
-- endpoints have to wait. `waiting:<name>` (see places.lua) is such a lane as well, and `turns:<name>` has all accounts' there, and under
-- `returned` who came back lately. Without its last turn an account is like one that has nobody there. That is right as soon as that turn
-- is over, so it may go, and a lane that was empty needs none for an account's first.

-- The lanes that this call has looked at; the last turns of accounts that it knows, by lane.
local lanes_seen, account_turns = {}, {}

local rounds = {}
do
  -- How long an account's last turn is remembered (ms): longer than anybody waits for a turn.
  local KEPT = 3600000

  -- Of so many that were brought back the turns are known.
  local RETURNED = 16

  -- Those who were brought back out of lanes of those who wait, by lane, as far as this call knows them.
  local returned = {}

  -- Where an account's last turn in a lane is kept, and whether those of all accounts are there.
  local function key_of(lane, account)
    if lane == READY then
      return P .. 'account:' .. account .. ':turn'
    elseif lane == READY_SLOW then
      return P .. 'account:' .. account .. ':turn:slow'
    end
    return P .. 'turns:' .. string.sub(lane, #P + #'waiting:' + 1), true
  end

  local function read(lane, account)
    local key, is_shared = key_of(lane, account)
    if is_shared then
      return call('HGET', key, account)
    end
    return call('GET', key)
  end

  local function write(lane, account, turn)
    local key, is_shared = key_of(lane, account)
    if is_shared then
      call('HSET', key, account, turn)
      call('PEXPIRE', key, KEPT)
    else
      call('SET', key, turn, 'PX', KEPT)
    end
  end

  -- Whose turn it is in a lane: the turn before the lowest one, or `over`, the last one of all that is over, if nobody is there.
  -- Returns whether anybody is, too.
  rounds.look = function(lane, over)
    local seen = lanes_seen[lane]
    if not seen then
      local lowest = tonumber(call('ZRANGE', lane, 0, 0, 'WITHSCORES')[2])
      seen = { over = lowest and lowest - 1 or over, is_empty = not lowest }
      lanes_seen[lane] = seen
    end
    local is_empty = seen.is_empty
    seen.is_empty = false
    return seen.over, is_empty
  end

  -- The next turn of an account in a lane where all turns up to `over` are over. `is_empty`: nobody else is there.
  rounds.next = function(lane, account, over, is_empty)
    local turns = account_turns[lane] or {}
    local last = turns[account]
    if not last then
      local text = not is_empty and read(lane, account)
      last = { turn = text and #text <= 16 and tonumber(string.match(text, '^%d+$')) or 0 }
      account_turns[lane], turns[account] = turns, last
    end
    local behind = last.turn > over
    last.turn = (behind and last.turn or over) + 1
    last.is_changed = last.is_changed or behind or not is_empty
    return last.turn
  end

  -- The turn that was given last to an account isn't wanted.
  rounds.take_back = function(lane, account)
    account_turns[lane][account].turn = account_turns[lane][account].turn - 1
  end

  -- Who was brought back out of a lane of those who wait, the latest last, each with its turn.
  local function returned_of(lane)
    local list = returned[lane]
    if not list then
      list = {}
      for id, turn in string.gmatch(call('HGET', key_of(lane), 'returned') or '', '(%S+) (%d+)') do
        list[#list + 1] = { id = id, turn = tonumber(turn) }
      end
      returned[lane] = list
    end
    return list
  end

  -- An endpoint has taken a place: how it was brought back is over.
  rounds.forget = function(lane, id)
    local list = returned_of(lane)
    for i, who in ipairs(list) do
      if who.id == id then
        table.remove(list, i)
        list.is_changed = true
        return
      end
    end
  end

  -- An endpoint is brought back out of such a lane, where it had this turn.
  rounds.note_return = function(lane, id, turn)
    rounds.forget(lane, id)
    local list = returned_of(lane)
    if #list == RETURNED then
      table.remove(list, 1)
    end
    list[#list + 1] = { id = id, turn = turn }
    list.is_changed = true
  end

  -- The turn at which an endpoint was brought back. If there was no place for it, it has that turn again: with a new one, it might be
  -- the one for whom there is no place each time.
  rounds.turn_again = function(lane, id)
    for _, who in ipairs(returned_of(lane)) do
      if who.id == id then
        return who.turn
      end
    end
  end

  -- Nobody is left in a lane of those who wait for a place, so all turns are over.
  rounds.close = function(lane)
    lanes_seen[lane], account_turns[lane], returned[lane] = nil, nil, nil
    call('DEL', (key_of(lane)))
  end

  -- Writes what this call changed.
  rounds.write = function()
    for lane, accounts in pairs(account_turns) do
      for account, last in pairs(accounts) do
        if last.is_changed then
          write(lane, account, string.format('%d', last.turn))
          last.is_changed = false
        end
      end
    end
    for lane, list in pairs(returned) do
      if list.is_changed then
        local texts = {}
        for i, who in ipairs(list) do
          texts[i] = string.format('%s %d', who.id, who.turn)
        end
        write(lane, 'returned', table.concat(texts, ' '))
        list.is_changed = false
      end
    end
  end
end
