-- endpoint_health: an endpoint with what is needed to tell how it does. Reads only.
--
-- ARGV: endpoint id, account, how many log entries to look at.
-- Returns {endpoint (see `view`), first entry of its line or '', nearest retry (ms) or '', {{log entry id, its fields}…}
-- newest first, the workers' policy, the time (ms)}, or {} when the account has no such endpoint.
local id = ARGV[1]
if call('HGET', P .. 'endpoint:' .. id, 'account') ~= ARGV[2] then
  return {}
end
local nearest = call('ZRANGE', P .. 'retry:' .. id, 0, 0, 'WITHSCORES')
return { view(id), call('LINDEX', P .. 'pending:' .. id, 0) or '', nearest[2] or '',
  call('XREVRANGE', P .. 'log:' .. id, '+', '-', 'COUNT', ARGV[3]), call('HGETALL', P .. 'policy'), read_clock() }
