-- Lanes ----------------------------------------------------------------------------------------------------------

-- So many endpoints of a lane are read at a time.
local LOOKED_AHEAD = 12

-- What this call knows of each lane, by its key.
local known_lanes = {}

-- The lanes, as a call sees them: it reads the first endpoints of each once, keeps its books of who comes and goes, and writes what
-- changed once.
do
  -- Reads whose turn is next: `line` has endpoints and their turns, in order, and `turn_of` the turn of each that has one. `is_whole`:
  -- there are no others. All turns up to `over` are over.
  local function read(lane)
    local line, turn_of = call('ZRANGE', lane.key, 0, LOOKED_AHEAD - 1, 'WITHSCORES'), {}
    for i = 2, #line, 2 do
      local its_turn = tonumber(line[i])
      line[i], turn_of[line[i - 1]] = its_turn, its_turn
    end
    lane.line, lane.turn_of, lane.next, lane.number = line, turn_of, 1, #line / 2
    lane.is_whole = lane.number < LOOKED_AHEAD
    lane.over = math.max(lane.over or 0, line[2] and line[2] - 1 or last_turn())
  end

  -- The next turn of an endpoint in a lane that has it or not.
  local function next_turn(lane, e)
    local others = lane.number - (lane.turn_of[e.id] and 1 or 0)
    return rounds.next(lane.key, e.account, lane.over, lane.is_whole and others == 0 and lane.over <= turn)
  end

  -- Writes who came and who left.
  local function write(lane)
    if not lane.changes and not lane.may_have then
      return
    end
    local came, left = {}, {}
    for id, to in pairs(lane.changes or {}) do
      if to == 'left' then
        left[#left + 1] = id
      else
        came[#came + 1], came[#came + 2] = text_of(to), id
      end
    end
    if #left > 0 then
      call('ZREM', lane.key, unpack(left))
    end
    if #came > 0 then
      call('ZADD', lane.key, unpack(came))
    end
    for id, e in pairs(lane.may_have or {}) do
      if call('ZADD', lane.key, 'NX', text_of(next_turn(lane, e)), id) == 0 then
        rounds.take_back(lane.key, e.account)
      end
    end
    lane.changes, lane.may_have = nil, nil
  end

  local function change(lane, id, to)
    lane.changes = lane.changes or {}
    lane.changes[id] = to
    if lane.may_have then
      lane.may_have[id] = nil
    end
  end

  -- Puts an endpoint into what was read of a lane, behind those with the same turn.
  local function insert(lane, id, turn)
    local line = lane.line
    local place = #line + 1
    while place > lane.next and line[place - 1] > turn do
      place = place - 2
    end
    if place > #line then
      line[place], line[place + 1] = id, turn
    else
      table.insert(line, place, turn)
      table.insert(line, place, id)
    end
    lane.turn_of[id] = turn
  end

  -- Begins the books of a lane: `changes` has the new turns of those who came and `left` for others, `may_have` those who came but may
  -- stand among those that weren't read.
  lanes.open = function(key)
    local lane = { key = key }
    known_lanes[key] = lane
    read(lane)
  end

  -- The endpoint whose turn it is in a lane, and its turn; nil when nobody has one.
  lanes.head = function(key)
    local lane = known_lanes[key]
    while true do
      local id, turn = lane.line[lane.next], lane.line[lane.next + 1]
      if id and lane.turn_of[id] == turn then
        return id, turn
      elseif id then
        lane.next = lane.next + 2
      elseif lane.is_whole then
        return nil
      else
        write(lane)
        read(lane)
      end
    end
  end

  -- The endpoint with this turn is served, so the turn is over.
  lanes.serve = function(key, served)
    local lane = known_lanes[key]
    lane.over, turn = math.max(lane.over, served), math.max(turn, served)
  end

  -- How many have a turn in a lane; of one that wasn't read whole, as it was stored.
  lanes.count = function(key)
    local lane = known_lanes[key]
    return lane.is_whole and lane.number or call('ZCARD', key)
  end

  -- Gives an endpoint its account's next turn in a lane.
  lanes.append = function(key, e)
    local lane, id = known_lanes[key], e.id
    local its_turn = next_turn(lane, e)
    change(lane, id, its_turn)
    if lane.is_whole or its_turn < lane.line[#lane.line] then
      lane.number = lane.number + (lane.turn_of[id] and 0 or 1)
      insert(lane, id, its_turn)
    elseif lane.turn_of[id] then
      lane.number, lane.turn_of[id] = lane.number - 1, nil -- it comes after some that weren't read
    end
  end

  lanes.has = function(key, id)
    return known_lanes[key].turn_of[id] ~= nil
  end

  lanes.enter = function(key, e)
    local lane, id = known_lanes[key], e.id
    local changed = lane.changes and lane.changes[id]
    if lane.turn_of[id] then
      return
    elseif lane.is_whole or changed == 'left' then
      lanes.append(key, e)
    elseif not changed then
      lane.may_have = lane.may_have or {}
      lane.may_have[id] = e
    end
  end

  lanes.leave = function(key, id)
    local lane = known_lanes[key]
    if lane.turn_of[id] then
      lane.turn_of[id], lane.number = nil, lane.number - 1
    elseif lane.is_whole then
      return
    end
    change(lane, id, 'left')
  end

  write_lanes = function()
    write(known_lanes[READY])
    write(known_lanes[READY_SLOW])
  end
end
lanes.open(READY)
lanes.open(READY_SLOW)
