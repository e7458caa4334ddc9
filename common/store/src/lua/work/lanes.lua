-- Lanes ----------------------------------------------------------------------------------------------------------

-- So many endpoints of a lane are read at a time.
local LOOKED_AHEAD = 12

-- What this call knows of each lane, by its key.
local known_lanes = {}

-- The lanes, as a call sees them: it reads the first endpoints of each once, keeps its books of who comes and goes, and writes what
-- changed once.
local lanes = {}
do
  -- Reads whose turn is next: `line` has endpoints and their turns, in order, and `turn_of` the turn of each that has one. `is_whole`:
  -- there are no others.
  local function read(lane)
    local line, turn_of = call('ZRANGE', lane.key, 0, LOOKED_AHEAD - 1, 'WITHSCORES'), {}
    for i = 1, #line, 2 do
      turn_of[line[i]] = line[i + 1]
    end
    lane.line, lane.turn_of, lane.next, lane.number = line, turn_of, 1, #line / 2
    lane.is_whole = lane.number < LOOKED_AHEAD
  end

  -- Writes who came and who left.
  local function write(lane)
    if not lane.changes and not lane.may_have then
      return
    end
    local came, left = {}, {}
    for id, turn in pairs(lane.changes or {}) do
      if turn == 'left' then
        left[#left + 1] = id
      else
        came[#came + 1], came[#came + 2] = turn, id
      end
    end
    if #left > 0 then
      call('ZREM', lane.key, unpack(left))
    end
    if #came > 0 then
      call('ZADD', lane.key, unpack(came))
    end
    for id, turn in pairs(lane.may_have or {}) do
      call('ZADD', lane.key, 'NX', turn, id)
    end
    lane.changes, lane.may_have = nil, nil
  end

  local function change(lane, id, turn)
    lane.changes = lane.changes or {}
    lane.changes[id] = turn
    if lane.may_have then
      lane.may_have[id] = nil
    end
  end

  -- Begins the books of a lane: `changes` has the new turns of those who came and `left` for others, `may_have` the turns of those who
  -- came but may stand among those that weren't read.
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

  -- How many have a turn in a lane; of one that wasn't read whole, as it was stored.
  lanes.count = function(key)
    local lane = known_lanes[key]
    return lane.is_whole and lane.number or call('ZCARD', key)
  end

  -- Puts an endpoint at the end of its lane.
  lanes.append = function(key, id)
    local lane, turn = known_lanes[key], text_of(next_turn())
    change(lane, id, turn)
    if lane.is_whole then
      local line = lane.line
      lane.number = lane.number + (lane.turn_of[id] and 0 or 1)
      line[#line + 1], line[#line + 2], lane.turn_of[id] = id, turn, turn
    else
      lane.turn_of[id] = nil -- it comes after those that weren't read
    end
  end

  is_in_lane = function(key, id)
    return known_lanes[key].turn_of[id] ~= nil
  end

  enter_lane = function(key, id)
    local lane = known_lanes[key]
    local changed = lane.changes and lane.changes[id]
    if lane.turn_of[id] then
      return
    elseif lane.is_whole or changed == 'left' then
      lanes.append(key, id)
    elseif not changed then
      lane.may_have = lane.may_have or {}
      lane.may_have[id] = lane.may_have[id] or text_of(next_turn())
    end
  end

  leave_lane = function(key, id)
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
