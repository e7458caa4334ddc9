-- parked_find: enters endpoints that aren't active, and that no program entered, in `parked`. One step of a search.
--
-- ARGV: '1' if the search ends here, else '0'; then accounts.
-- Returns {how many were entered, ms since a search last ended or -1}.
-- Guarantees: repeating it changes nothing. Bounded by the endpoints of the accounts.
local found = 0
for i = 2, #ARGV do
  local routes = try('HGETALL', P .. 'account:' .. ARGV[i] .. ':endpoints')
  for place = 1, routes.err and 0 or #routes, 2 do
    if string.sub(routes[place + 1], 1, 1) ~= 'A' then
      found = found + call('ZADD', PARKED, 'NX', 0, routes[place])
    end
  end
end
local now = read_clock()
if ARGV[1] == '1' then
  call('HSET', STATS, 'parkedSoughtAt', now)
end
local ended = call('HGET', STATS, 'parkedSoughtAt')
return { found, ended and math.max(0, now - ended) or -1 }
