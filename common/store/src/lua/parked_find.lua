-- parked_find: one step of a search for endpoints that aren't active and that nothing has entered in `parked`; enters them. Logs that have
-- ARGV[LONG_LOG] entries are marked to be looked at, in case nothing else has.
--
-- Returns {how many were entered, ms since a search last ended or -1}.
-- Guarantees: repeating it changes nothing. Bounded by the endpoints of the accounts.
local found = 0
for _, account in ipairs(each_account) do
  local routes = try('HGETALL', P .. 'account:' .. ARGV[account] .. ':endpoints')
  -- Of an account that moves to another shard upkeep knows nothing.
  for place = 1, (routes.err or terms.elsewhere(ARGV[account])) and 0 or #routes, 2 do
    if not string.find(routes[place + 1], '^[AF]') then
      found = found + call('ZADD', PARKED, 'NX', 0, routes[place])
    end
    if call('XLEN', P .. 'log:' .. routes[place]) >= tonumber(ARGV[LONG_LOG]) then
      mark_log(routes[place])
    end
  end
end
local now = read_clock()
if ARGV[ENDS] == '1' then
  call('HSET', STATS, 'parkedSoughtAt', now)
end
local ended = call('HGET', STATS, 'parkedSoughtAt')
return { found, ended and math.max(0, now - ended) or -1 }
