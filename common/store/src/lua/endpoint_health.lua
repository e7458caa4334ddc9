-- endpoint_health: an endpoint with the facts that its health is judged by. Reads only.
--
-- Returns {endpoint (see `view`), first entry of its pending list or '', nearest retry (ms) or '', {{log entry id, its fields}…},
-- newest first, the workers' policy, the time (ms)}, or {} when the account has no such endpoint.
local id = ARGV[ENDPOINT]
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local nearest = call('ZRANGE', P .. 'retry:' .. id, 0, 0, 'WITHSCORES')
return { view(id), call('LINDEX', P .. 'pending:' .. id, 0) or '', nearest[2] or '',
  call('XREVRANGE', P .. 'log:' .. id, '+', '-', 'COUNT', ARGV[SAMPLE]), call('HGETALL', P .. 'policy'), read_clock() }
