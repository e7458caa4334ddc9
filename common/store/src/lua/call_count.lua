-- call_count: counts calls for an account, unless it would have had more of this kind than it may in this minute.
--
-- ARGV[MOST]: 0 for any number. ARGV[MAY_BE_ERASED]: '1' for calls about its erasure, which may be made while the account is being erased.
-- Returns {1 or 0 (whether they may be made), what is left, ms until the count begins anew}.
-- Guarantees: calls that are refused are not counted. When the minute ends is up to Redis's own clock, by the counter's lifetime.
local refusal = ARGV[MAY_BE_ERASED] ~= '1' and terms.refusal(ARGV[ACCOUNT])
if refusal then
  return refusal
end
return { count_calls(P .. 'account:' .. ARGV[ACCOUNT] .. ':' .. ARGV[COUNTER], tonumber(ARGV[MOST]), tonumber(ARGV[CALLS])) }
