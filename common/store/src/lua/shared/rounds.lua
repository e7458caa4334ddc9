-- rounds.lua: whose turn is next. Lanes are sorted by turn, the lowest first, and accounts take turns there, whether one has one
-- endpoint in a lane or 400: whoever enters gets the turn behind the last one of its account, or the next one if that is over
-- (start-time fair queueing, with the account as the flow). So an account's endpoints take turns among themselves as well.
--
-- `account:<a>:turn` has an account's last turn in `ready`, `account:<a>:turn:slow` in `ready:slow`, where turns lag behind while slow
-- endpoints have to wait. Without it an account is like one that has nobody there. That is right as soon as that turn is over, so
-- it may go, and a lane that was empty needs none for an account's first.

-- The lanes that this call has looked at; the last turns of accounts that it knows, by lane.
local lanes_seen, account_turns = {}, { [READY] = {}, [READY_SLOW] = {} }

local rounds = {}
do
  -- How long an account's last turn is remembered (ms): longer than anybody waits for a turn.
  local KEPT = 3600000

  local function key_of(lane, account)
    return P .. 'account:' .. account .. (lane == READY and ':turn' or ':turn:slow')
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
    local last = account_turns[lane][account]
    if not last then
      local text = not is_empty and call('GET', key_of(lane, account))
      last = { turn = text and #text < 16 and tonumber(string.match(text, '^%d+$')) or 0 }
      account_turns[lane][account] = last
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

  -- Writes what this call changed.
  rounds.write = function()
    for lane, accounts in pairs(account_turns) do
      for account, last in pairs(accounts) do
        if last.is_changed then
          call('SET', key_of(lane, account), string.format('%d', last.turn), 'PX', KEPT)
          last.is_changed = false
        end
      end
    end
  end
end
