-- endpoint_health: an endpoint with the facts that its health is judged by. Reads only.
--
-- Returns {endpoint (see `view`), first entry of its pending list or '', nearest retry (ms) or '', {{log entry id, its fields}…},
-- newest first, the workers' policy, when the clock disables it (ms) or '', {worker, until when its own network counts as broken
-- (ms)…}, the time (ms)}, or {} when the account has no such endpoint.
local id = ARGV[ENDPOINT]
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local nearest = call('ZRANGE', P .. 'retry:' .. id, 0, 0, 'WITHSCORES')
return { view(id), call('LINDEX', P .. 'pending:' .. id, 0) or '', nearest[2] or '',
  call('XREVRANGE', P .. 'log:' .. id, '+', '-', 'COUNT', ARGV[SAMPLE]), call('HGETALL', P .. 'policy'),
  call('ZSCORE', P .. 'failing', id) or '', call('HGETALL', P .. 'outages'), read_clock() }
