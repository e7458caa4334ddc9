-- Streaks that have lasted for long enough ---------------------------------------------------------------------------------

-- A step looks at this many endpoints.
local MOST_CLOCKS = 16

-- Whether a worker's own network is down: then nobody is blamed.
local function is_outage()
  for _, lasts_until in ipairs(call('HVALS', P .. 'outages')) do
    if (tonumber(lasts_until) or 0) > now then
      return true
    end
  end
  return false
end

-- When to look again at an endpoint whose streak is long enough; nil if it has lasted for long enough. Whatever is about to show how
-- the endpoint is doing comes first: attempts that are in flight or next in line, and a retry that is due soon. During a hold
-- time doesn't count.
local function look_after(e)
  if now < e.failing_since + DISABLE_MIN_SPAN then
    return e.failing_since + DISABLE_MIN_SPAN
  elseif e.held_until > now then
    return e.held_until + 1000
  elseif e.in_flight > 0 or call('LLEN', P .. 'pending:' .. e.id) > 0 then
    return now + 1000
  end
  local retry = tonumber(call('ZRANGE', P .. 'retry:' .. e.id, 0, 0, 'WITHSCORES')[2])
  return retry and retry <= now + tonumber(ARGV[DELIVERY_TIMEOUT]) and math.max(retry, now) + 1000 or nil
end

local disabled = 0
local due_clocks = call('ZRANGEBYSCORE', FAILING, '-inf', now, 'LIMIT', 0, MOST_CLOCKS)
local in_outage = #due_clocks > 0 and is_outage()
for _, id in ipairs(due_clocks) do
  local e = endpoint(id)
  if not e or e.state ~= 'active' or e.failures < DISABLE_AFTER then
    call('ZREM', FAILING, id)
  else
    local later = in_outage and now + 1000 or look_after(e)
    if later then
      call('ZADD', FAILING, string.format('%d', later), id)
    else
      local last = call('HGET', P .. 'endpoint:' .. id, 'lastAttempt') or ''
      disable(e, 'consecutive_failures', string.match(last, '([%l_]+)$') or 'http_status')
      disabled = disabled + 1
    end
  end
end
local next_clock = call('ZRANGE', FAILING, 0, 0, 'WITHSCORES')
if next_clock[2] then
  local soon = math.max(0, next_clock[2] - now)
  look_again = look_again < 0 and soon or math.min(look_again, soon)
end
