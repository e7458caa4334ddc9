-- What was parked for too long, or takes too much space ------------------------------------------------------------

-- A program of the previous release enters disabled endpoints under this name.
local entered_before = call('ZPOPMIN', P .. 'disabled', limit)
for i = 1, #entered_before, 2 do
  call('ZADD', PARKED, 'LT', now, entered_before[i])
end

local room, looked_at = math.ceil(limit / 2), call('ZRANGEBYSCORE', PARKED, '-inf', now, 'LIMIT', 0, 4)
for _, id in ipairs(looked_at) do
  local e = endpoint(id)
  if not e or e.state == 'active' then
    call('ZREM', PARKED, id)
  elseif room > 0 then
    local exhausted, next_look = exhaust_parked(e, now, room, age_hold)
    room, swept = room - exhausted, swept + exhausted
    more = more or next_look <= now
    call('ZADD', PARKED, next_look, id)
  end
end
more = more or #looked_at == 4
