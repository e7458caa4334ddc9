-- portal_session_use: says what a portal session may do, and counts a call that is made with its token.
--
-- ARGV[HASH] and ARGV[EXPIRES] are of the token as it was sent. ARGV[MOST] calls may be made with all sessions of the account in a minute; 0
-- for any number.
-- Returns {'good', 'read' or 'write', 1 or 0 (whether the call may be made), what is left, ms until the count begins anew}, {'expired'} of
-- one that has expired by what it says itself, or {} when the account has no such session.
-- Guarantees: an unknown token writes and counts nothing. A repeated call counts again. (Lua keeps each text once and compares where it
-- is, so comparing takes the same time however much of a hash is right.)
local said = tonumber(ARGV[EXPIRES])
if said <= look_at_clock() then
  return { 'expired' }
end
local hash, expires, access, account = read_session(call('GET', session_key(ARGV[SESSION])))
if hash ~= ARGV[HASH] or expires ~= said or account ~= ARGV[ACCOUNT] then
  return {}
elseif not call('ZSCORE', sessions_of(ARGV[ACCOUNT]), ARGV[SESSION]) then
  return {} -- what erases an account knows those alone, if it is of the release before
end
local refusal = terms.refusal(ARGV[ACCOUNT])
if refusal then
  return refusal
end
return { 'good', access, count_calls(P .. 'account:' .. ARGV[ACCOUNT] .. ':calls:portal', tonumber(ARGV[MOST]), 1) }
