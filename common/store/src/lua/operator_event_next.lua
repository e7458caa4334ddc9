-- operator_event_next: the oldest event that the operator is to be told, for the one worker that sends them.
--
-- ARGV[SENDER]: who asks, who sends them for ARGV[LEASE] (ms) unless another worker does. ARGV[SENT]: the id of the one that was sent, or ''.
-- Returns {how many wait, how many were dropped, 'others'}, {…, 'nothing'} or {…, 'event', its id, event type, body}.
-- Guarantees: one that was sent goes once, however often that is said. Each is handed out until then, in order. What can't be read, or is of
-- an account that has been erased since, is left out.
local list, sender, dropped = P .. 'operator', P .. 'operator:sender', whole(call('HGET', STATS, 'operatorEventsDropped'))
local by = call('GET', sender)
if by and by ~= ARGV[SENDER] then
  return { call('LLEN', list), dropped, 'others' }
end
call('SET', sender, ARGV[SENDER], 'PX', ARGV[LEASE])
-- A store that was made anew, or set back, has forgotten that somebody is told.
call('HSETNX', P .. 'policy', 'operatorEvents', '1')

local function leave_out(head)
  call('LPOP', list)
  call('DECRBY', P .. 'operator:bytes', #head)
  return call('LINDEX', list, 0)
end

-- Whether an event is about an account of which everything was erased, or is being erased.
local function is_of_erased(body)
  local account = string.match(body, '^{"event":"[^"]*","accountId":"([^"]*)"')
  return account and call('EXISTS', P .. 'account:' .. account .. ':erasure') == 1
end

local MOST_LEFT_OUT = 100
local head = call('LINDEX', list, 0)
if head and ARGV[SENT] ~= '' and string.sub(head, 1, 26) == ARGV[SENT] then
  head = leave_out(head)
end
for _ = 1, MOST_LEFT_OUT do
  if not head then
    call('DEL', P .. 'operator:bytes')
    return { 0, dropped, 'nothing' }
  end
  local id, kind, body = string.match(head, '^(%w+) (%S+) (.*)$')
  if id and #id == 26 and not is_of_erased(body) then
    return { call('LLEN', list), dropped, 'event', id, kind, body }
  elseif not id or #id ~= 26 then
    note_corrupt('operator', head)
  end
  head = leave_out(head)
end
return { call('LLEN', list), dropped, 'nothing' }
