-- Successes ------------------------------------------------------------------------------------------------------

-- A successful attempt ends its delivery, and the endpoint's streak if it counts.
local function succeeded(e, delivery, attempt, size, counts, beside, report)
  succeed(e, delivery, attempt, size, ARGV[report + EVENT], log(e, delivery, attempt, 'succeeded', report))
  if counts then
    forward.streak_ends(e)
    reset(e)
    carried(e, tonumber(ARGV[report + MS]), beside)
  end
  return 1
end
