-- carries.lua: how many attempts an endpoint may have in flight: it starts slowly, and grows with its successes.

-- One at a time, until a success shows that it is well: a new endpoint or URL, and after a strike, a hold, or switching on.
local function slow_start(e)
  e.limit = 1
end

-- How many an endpoint may have in flight.
local function cap_of(e)
  return math.max(1, math.min(e.limit, CAP))
end

-- An attempt succeeded, after `ms`; when it was leased, `beside` were in flight, itself included.
local function carried(e, ms, beside)
  e.limit = math.min(CAP, cap_of(e) * 2)
end

-- An attempt timed out.
local function drowned(e)
  slow_start(e)
end
