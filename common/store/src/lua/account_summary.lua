-- account_summary: an account at a glance, without its endpoints. Reads only.
--
-- Returns {{hour and outcome, count…}, {day and outcome, count…} of what is older than the hours, unfinished bytes, the time (ms)}.
local account = P .. 'account:' .. ARGV[ACCOUNT]
return { call('HGETALL', account .. ':hours'), call('HGETALL', account .. ':days'),
  call('GET', account .. ':bytes') or 0, read_clock() }
