-- replay_count: how many deliveries a replay of many would take, without their payloads being looked at. Reads only.
--
-- ARGV[STATUS]: 'exhausted' or 'succeeded'. ARGV[SINCE] (ms) may also be where the last step ended. ARGV[MOST]: how many exhausted
-- deliveries or log entries to look at.
-- Returns {how many, where the next step begins or '', the first log entry or ''}, or {} when the account has no such endpoint. Exhausted deliveries are
-- counted in one step: what is answered then is only that there are more.
-- Guarantees: bounded. Replays are left out, as a replay of many leaves them out.
local id, from, till, most = ARGV[ENDPOINT], ARGV[SINCE], ARGV[UNTIL], tonumber(ARGV[MOST])
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local matching = 0
if ARGV[STATUS] == 'exhausted' then
  local found = call('ZRANGEBYSCORE', P .. 'failed:' .. id, from, till, 'LIMIT', 0, most + 1)
  for i = 1, math.min(#found, most) do
    matching = is_replay(found[i]) and matching or matching + 1
  end
  return { matching, found[most + 1] or '', '' }
end
local found = call('XRANGE', P .. 'log:' .. id, from, till, 'COUNT', most)
for _, logged in ipairs(found) do
  local delivery, outcome, is_test = attempt_in(logged[2])
  if outcome == 'succeeded' and not is_test and not is_replay(delivery) then
    matching = matching + 1
  end
end
return { matching, #found == most and '(' .. found[most][1] or '', found[1] and found[1][1] or '' }
