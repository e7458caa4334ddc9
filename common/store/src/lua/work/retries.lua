-- Retries that are due go to the front of their endpoint's list. -----------------------------------------------------

local nearest_timer = tonumber(call('ZRANGE', TIMERS, 0, 0, 'WITHSCORES')[2])
local is_due = nearest_timer and nearest_timer <= now
local room = 64
for _, id in ipairs(is_due and call('ZRANGEBYSCORE', TIMERS, '-inf', now, 'LIMIT', 0, 16) or {}) do
  local e = endpoint(id)
  local is_held = e and e.held_until > now
  if e and e.state == 'active' and not is_held and room > 0 then
    local due = call('ZRANGEBYSCORE', P .. 'retry:' .. id, '-inf', now, 'LIMIT', 0, room)
    for i = #due, 1, -1 do
      if parse_entry(due[i]) then
        requeue('LPUSH', id, due[i])
      else
        note_corrupt(id, due[i])
      end
    end
    if #due > 0 then
      call('ZREM', P .. 'retry:' .. id, unpack(due))
      room = room - #due
    end
  end
  if room > 0 then
    if e then
      set_timer(e)
    else
      write_timer('ZREM', id)
    end
  end
end

for _, e in ipairs(touched) do
  settle(e)
end

