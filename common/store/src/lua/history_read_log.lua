-- history_read_log: a piece of an endpoint's log, oldest first. Reads only.
--
-- ARGV[FROM]: where it begins, '-' for the oldest entry, '(<id>' for what comes after one.
-- Returns {how many entries the log has, {entry id, its fields}…}, or {} when the account has no such endpoint.
local id = ARGV[ENDPOINT]
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local key = P .. 'log:' .. id
return { call('XLEN', key), call('XRANGE', key, ARGV[FROM], '+', 'COUNT', ARGV[MOST]) }
