-- api_key_revoke: takes a key from an account. It is good for nothing from then on.
--
-- ARGV[OPERATION] is a fresh id of this call.
-- Returns 1, or 0 when the account has no such key.
-- Guarantees: the same operation again answers the same.
local done = P .. 'removed:' .. ARGV[OPERATION]
if call('HDEL', keys_of(ARGV[ACCOUNT]), ARGV[KEY], ARGV[KEY] .. ':used') == 0 then
  return call('EXISTS', done)
end
call('SET', done, ARGV[KEY], 'PX', 60000)
return 1
