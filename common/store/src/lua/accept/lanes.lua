-- Lanes: who has something to send now and had not before ---------------------------------------------------------------

-- Those who enter a lane with this call, by lane: turns and ids.
local entering = {}

-- As many turns and ids as one command takes.
local MOST_AT_ONCE = 1000

local function write_entering(lane)
  call('ZADD', lane, 'NX', unpack(entering[lane]))
  entering[lane] = nil
end

-- An endpoint enters a lane, where it keeps the turn that it may have.
local function enter(lane, account, id)
  local turn = rounds.next(lane, account, rounds.look(lane, tonumber(stats_kept[4]) or 0))
  local new = entering[lane] or {}
  entering[lane] = new
  new[#new + 1], new[#new + 2] = string.format('%d', turn), id
  if #new >= MOST_AT_ONCE then
    write_entering(lane)
  end
end

-- Writes who has entered.
local function write_entered()
  for _, lane in ipairs({ READY, READY_SLOW }) do
    if entering[lane] then
      write_entering(lane)
    end
  end
  rounds.write()
end
