-- api_key_create: makes a key of an account, unless it has as many as it may. Of those that have expired, the one that did so first
-- makes room.
--
-- Returns {'created', when it was made (ms)} or {} when the account has too many.
-- Guarantees: the same key again changes nothing. Not `allow-oom`.
local key, now = keys_of(ARGV[ACCOUNT]), look_at_clock()
local refusal = terms.refusal(ARGV[ACCOUNT]) or misplaced(ARGV[ACCOUNT])
if refusal then
  return refusal
end
local known = call('HGET', key, ARGV[KEY])
if known then
  return { 'created', string.match(known, '^%x+ %d+ %S* (%d+) ') }
end
local count, expired, expired_at = 0, nil, now
local all = call('HGETALL', key)
for i = 1, #all, 2 do
  if not string.find(all[i], ':', 1, true) then
    count = count + 1
    local _, at = read_key(all[i + 1])
    if at > 0 and at <= expired_at then
      expired, expired_at = all[i], at
    end
  end
end
if count >= tonumber(ARGV[MOST]) then
  if not expired then
    return {}
  end
  call('HDEL', key, expired, expired .. ':used')
end
call('HSET', key, ARGV[KEY], string.format('%s %s %s %d %s\n%s', ARGV[HASH], ARGV[EXPIRES], ARGV[SCOPES], now, ARGV[BY], ARGV[NAME]))
return { 'created', now }
