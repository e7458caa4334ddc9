-- account_summary: an account at a glance, but for its endpoints. Reads only.
--
-- ARGV: account.
-- Returns {hour and outcome, count…}, unfinished bytes, the time (ms).
local account = P .. 'account:' .. ARGV[1]
return { call('HGETALL', account .. ':hours'), call('GET', account .. ':bytes') or 0, read_clock() }
