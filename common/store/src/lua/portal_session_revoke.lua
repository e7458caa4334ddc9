-- portal_session_revoke: ends a portal session. It is good for nothing from then on.
--
-- ARGV[OPERATION] is a fresh id of this call.
-- Returns 1, or 0 when the account has no such session.
-- Guarantees: the same operation again answers the same.
local done = P .. 'removed:' .. ARGV[OPERATION]
local was_good = call('ZREM', sessions_of(ARGV[ACCOUNT]), ARGV[SESSION]) == 1
call('DEL', session_key(ARGV[SESSION]))
if not was_good then
  return call('EXISTS', done)
end
call('SET', done, ARGV[SESSION], 'PX', 60000)
return 1
