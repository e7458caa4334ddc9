-- call_count: counts a call of the dashboard, unless the account has had as many as it may in this minute.
--
-- Returns {1 or 0 (whether it may be made), what is left, ms until the count begins anew}.
-- Guarantees: a call that is refused is not counted. When the minute ends is up to Redis's own clock, by the counter's lifetime.
local key, most = P .. 'account:' .. ARGV[ACCOUNT] .. ':calls', tonumber(ARGV[MOST])
local used, ends_in = used_of(key)
if used >= most then
  return { 0, 0, ends_in }
end
use_more(key, used, 1, ends_in)
return { 1, most - used - 1, ends_in }
