-- Counts: what accepting changes in `stats` --------------------------------------------------------------------------

-- The time; what Redis's clock says, and by how much it went back; and what `stats` had, as this call found it (see `look_at_clock`).
local accepted_at, clock_found, clock_back, stats_kept

-- What is written to `stats`: new counts, by name; whether others were counted meanwhile.
local stats_changed, are_counts_stale = {}, false

-- Looks at the clock, once in a call, and at what else of `stats` the caller names.
local function look_once(...)
  if not stats_kept then
    local now
    now, clock_found, clock_back, stats_kept = look_at_clock('events', 'deliveries', 'standby', ...)
    accepted_at = string.format('%d', now)
  end
end

-- Counts in `stats`. What was read there is written anew, all in one step; if it isn't known, or making room has changed it
-- meanwhile, each count for itself.
local function add_to_stats(name, place, by)
  local known = not are_counts_stale and tonumber(stats_kept[place])
  if known then
    stats_changed[name] = known + by
  else
    call('HINCRBY', STATS, name, by)
  end
end

-- Writes what was counted.
local function write_counts()
  local written = {}
  for name, value in pairs(stats_changed) do
    written[#written + 1], written[#written + 2] = name, type(value) == 'number' and string.format('%d', value) or value
  end
  if #written > 0 then
    call('HSET', STATS, unpack(written))
  end
end
