-- Successes ------------------------------------------------------------------------------------------------------

-- Whether one of the deliveries that succeeded in this call has a record: nearly always none has, which one command tells for all.
local are_recorded

-- A successful attempt ends its delivery.
local function succeed(e, delivery, attempt, size, report, is_probe)
  local entry = log_success(e, delivery, attempt, report, is_probe)
  if are_recorded or attempt ~= '1' or #delivery > ID_LENGTH then
    keep_succeeded(e, delivery, attempt, string.match(ARGV[report + LINE], '^%S+ (%S+)'), entry)
  end
  unref(event_of(delivery), false)
  local left = e.bytes - size
  e.bytes = left > 0 and left or 0
  e.succeeded = (e.succeeded or 0) + 1
end

-- It ends the endpoint's streak as well, if it counts.
local function succeeded(e, delivery, terms, size, counts, report)
  local ms = tonumber(ARGV[report + MS])
  e.slow = ms > 1000
  succeed(e, delivery, terms.attempt, size, report)
  if counts then
    if e.failures ~= 0 or e.failing_since ~= 0 or e.held_until ~= 0 or e.recovering then
      forward.streak_ends(e)
      reset(e)
    end
    carried(e, ms, terms.beside or 1)
  end
  return '1'
end

-- Counts the successes of each endpoint, once for the whole call.
local function count_successes()
  for _, e in ipairs(touched) do
    if e.succeeded then
      count('succeeded', e.succeeded)
      count_hourly(e.account, 'succeeded', e.succeeded)
    end
  end
end
