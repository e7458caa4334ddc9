-- account_summary: an account at a glance. Reads only; an account has a bounded number of endpoints.
--
-- ARGV: account.
-- Returns {endpoints (see `view`)}, {hour and outcome, count…}, unfinished bytes, the time (ms).
local ids, found = call('HKEYS', P .. 'account:' .. ARGV[1] .. ':endpoints'), {}
for i, id in ipairs(ids) do
  found[i] = view(id)
end
return { found, call('HGETALL', P .. 'account:' .. ARGV[1] .. ':hours'), call('GET', P .. 'account:' .. ARGV[1] .. ':bytes') or 0,
  read_clock() }
