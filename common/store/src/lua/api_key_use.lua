-- api_key_use: says what a key of an account may do, and counts a call that is made with it.
--
-- ARGV[HASH] is of the key as it was sent. ARGV[MOST] calls may be made with all keys of the account in a minute; 0 for any number.
-- Returns {'good', its scopes, when it expires (ms, 0: never), 1 or 0 (whether the call may be made), what is left, ms until the count
-- begins anew}, {'expired'}, or {} when the account has no such key.
-- Guarantees: an unknown key writes and counts nothing. A repeated call counts again. (Lua keeps each text once and compares where it
-- is, so comparing takes the same time however much of a hash is right.)
local key = keys_of(ARGV[ACCOUNT])
local used_field = ARGV[KEY] .. ':used'
local kept = call('HMGET', key, ARGV[KEY], used_field)
local hash, expires, scopes = read_key(kept[1])
if hash ~= ARGV[HASH] then
  return {}
end
local refusal = terms.refusal(ARGV[ACCOUNT])
if refusal then
  return refusal
end
local now = look_at_clock()
if expires > 0 and expires <= now then
  return { 'expired' }
end
if now - (tonumber(kept[2]) or 0) >= MINUTE then
  call('HSET', key, used_field, string.format('%d', now))
end
return { 'good', scopes, expires, count_calls(P .. 'account:' .. ARGV[ACCOUNT] .. ':calls:keys', tonumber(ARGV[MOST]), 1) }
