-- operator_event_next: the oldest event that the operator is to be told, for the one worker that sends them.
--
-- ARGV[SENDER]: who asks, who sends them for ARGV[LEASE] (ms) unless another worker does. ARGV[SENT]: the id of the one that was sent, or ''.
-- Returns {how many wait, how many were dropped, 'others'}, {…, 'nothing'} or {…, 'event', its id, event type, body}.
-- Guarantees: one that was sent goes once, however often that is said. Each is handed out until then, in order.
local list, sender, dropped = P .. 'operator', P .. 'operator:sender', whole(call('HGET', STATS, 'operatorEventsDropped'))
local by = call('GET', sender)
if by and by ~= ARGV[SENDER] then
  return { call('LLEN', list), dropped, 'others' }
end
call('SET', sender, ARGV[SENDER], 'PX', ARGV[LEASE])
local head = call('LINDEX', list, 0)
if head and ARGV[SENT] ~= '' and string.sub(head, 1, 26) == ARGV[SENT] then
  call('LPOP', list)
  call('DECRBY', P .. 'operator:bytes', #head)
  head = call('LINDEX', list, 0)
end
if not head then
  call('DEL', P .. 'operator:bytes')
  return { 0, dropped, 'nothing' }
end
local id, kind, body = string.match(head, '^(%w+) (%S+) (.*)$')
if not id then
  note_corrupt('operator', head)
  call('LPOP', list)
  call('DECRBY', P .. 'operator:bytes', #head)
  return { call('LLEN', list), dropped, 'nothing' }
end
return { call('LLEN', list), dropped, 'event', id, kind, body }
