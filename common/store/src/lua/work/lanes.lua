-- Lanes ----------------------------------------------------------------------------------------------------------

-- So many endpoints of a lane are read at a time.
local LOOKED_AHEAD = 12

-- What this call knows of each lane, by its key.
local known_lanes = {}

-- The lanes, as a call sees them: it reads the first endpoints of each once, keeps its books of who comes and goes, and writes what
-- changed once.
local lanes = {}
do
  -- Reads the endpoints whose turn is next, in order: `ids` and `turns` by place, and the turn of each endpoint that has one.
  -- `is_whole`: there are no others.
  local function read(lane)
    local found = call('ZRANGE', lane.key, 0, LOOKED_AHEAD - 1, 'WITHSCORES')
    lane.ids, lane.turns, lane.turn_of, lane.next, lane.number = {}, {}, {}, 1, #found / 2
    for i = 1, lane.number do
      local id, turn = found[2 * i - 1], tonumber(found[2 * i])
      lane.ids[i], lane.turns[i], lane.turn_of[id] = id, turn, turn
    end
    lane.is_whole = lane.number < LOOKED_AHEAD
  end

  -- Pairs of turn and endpoint.
  local function members_of(turns)
    local members = {}
    for id, turn in pairs(turns) do
      members[#members + 1], members[#members + 2] = text_of(turn), id
    end
    return members
  end

  local function write(lane)
    local came, may_have, left = members_of(lane.came), members_of(lane.may_have), {}
    for id in pairs(lane.left) do
      left[#left + 1] = id
    end
    if #left > 0 then
      call('ZREM', lane.key, unpack(left))
    end
    if #came > 0 then
      call('ZADD', lane.key, unpack(came))
    end
    if #may_have > 0 then
      call('ZADD', lane.key, 'NX', unpack(may_have))
    end
    lane.came, lane.may_have, lane.left = {}, {}, {}
  end

  -- Begins the books of a lane.
  lanes.open = function(key)
    -- Who came at the end, who came unless it was there already, and who left.
    local lane = { key = key, came = {}, may_have = {}, left = {} }
    known_lanes[key] = lane
    read(lane)
  end

  -- The endpoint whose turn it is in a lane, and its turn; nil when nobody has one.
  lanes.head = function(key)
    local lane = known_lanes[key]
    while true do
      local id, turn = lane.ids[lane.next], lane.turns[lane.next]
      if id and lane.turn_of[id] == turn then
        return id, turn
      elseif id then
        lane.next = lane.next + 1
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
    local lane, turn = known_lanes[key], next_turn()
    lane.came[id], lane.left[id], lane.may_have[id] = turn, nil, nil
    if lane.is_whole then
      lane.number = lane.number + (lane.turn_of[id] and 0 or 1)
      lane.ids[#lane.ids + 1], lane.turns[#lane.turns + 1], lane.turn_of[id] = id, turn, turn
    else
      lane.turn_of[id] = nil -- it comes after those that weren't read
    end
  end

  is_in_lane = function(key, id)
    return known_lanes[key].turn_of[id] ~= nil
  end

  enter_lane = function(key, id)
    local lane = known_lanes[key]
    if lane.turn_of[id] or lane.came[id] or lane.may_have[id] then
      return
    elseif lane.is_whole or lane.left[id] then
      lanes.append(key, id)
    else
      lane.may_have[id] = next_turn()
    end
  end

  leave_lane = function(key, id)
    local lane = known_lanes[key]
    if lane.turn_of[id] then
      lane.turn_of[id], lane.number = nil, lane.number - 1
    elseif lane.is_whole then
      return
    end
    lane.came[id], lane.may_have[id], lane.left[id] = nil, nil, true
  end

  write_lanes = function()
    for _, key in ipairs({ READY, READY_SLOW }) do
      write(known_lanes[key])
    end
  end
end
lanes.open(READY)
lanes.open(READY_SLOW)
