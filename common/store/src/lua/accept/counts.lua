-- Counts: what accepting changes in `stats` --------------------------------------------------------------------------

-- What `stats` had when the first event was stored, and what is written to it: pairs of name and text.
local stats_kept, stats_changed = nil, {}

-- Counts in `stats`; returns the new count. What was read there is written anew, all in one step; if it isn't known, or making room
-- has changed it meanwhile, each count for itself.
local function add_to_stats(name, place, by)
  local known = not write_room and tonumber(stats_kept[place])
  if not known then
    return call('HINCRBY', STATS, name, by)
  end
  stats_kept[place] = known + by
  stats_changed[name] = known + by
  return known + by
end

-- Writes what was counted.
local function write_counts()
  local written = {}
  for name, number in pairs(stats_changed) do
    written[#written + 1], written[#written + 2] = name, string.format('%d', number)
  end
  if #written > 0 then
    call('HSET', STATS, unpack(written))
  end
end
