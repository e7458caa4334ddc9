-- test_event_begin: tells a worker what it needs to send a test event. Reads only.
--
-- Returns {endpoint (see `target_of`), {event id, type, body}, the server's own time (ms)}, or {} when nobody waits for it any more.
local delivery = ARGV[DELIVERY]
local v = call('HMGET', P .. 'trial:' .. delivery, 'endpoint', 'event', 'body', 'at')
local e = v[1] and endpoint(v[1])
if not e or read_clock() - v[4] > tonumber(ARGV[MOST_AGE]) then
  return {}
end
return { target_of(e), { event_of(delivery), v[2], v[3] }, server_time }
