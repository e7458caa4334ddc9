-- portal_session_create: makes a portal session for an account. If it has as many as it may, the one that expires first goes: whoever has
-- that one gets another from the backend, and nobody is locked out by sessions that nobody uses any more.
--
-- Returns when it expires (ms).
-- Guarantees: the same session again changes nothing. Not `allow-oom`.
local MOST_EXPIRED = 8 -- are let go of in one call: more than come
local sessions, key, now = sessions_of(ARGV[ACCOUNT]), session_key(ARGV[SESSION]), look_at_clock()
local refusal = terms.refusal(ARGV[ACCOUNT]) or misplaced(ARGV[ACCOUNT])
if refusal then
  return refusal
end
local _, known = read_session(call('GET', key))
if known then
  return known
end
local function drop_first()
  local first = call('ZRANGE', sessions, 0, 0)[1]
  call('ZREM', sessions, first)
  call('DEL', session_key(first))
end
for _ = 1, MOST_EXPIRED do
  local expires = call('ZRANGE', sessions, 0, 0, 'WITHSCORES')[2]
  if not expires or tonumber(expires) > now then
    break
  end
  drop_first()
end
if call('ZCARD', sessions) >= tonumber(ARGV[MOST]) then
  drop_first()
end
local expires = now + tonumber(ARGV[LIFETIME])
call('SET', key, string.format('%s %d %s %s', ARGV[HASH], expires, ARGV[ACCESS], ARGV[ACCOUNT]), 'PX', ARGV[LIFETIME])
call('ZADD', sessions, string.format('%d', expires), ARGV[SESSION])
call('PEXPIRE', sessions, ARGV[LIFETIME])
return expires
