-- account_move_leave: what is left of an account that has moved may go, once all programs know where it is.
--
-- ARGV[SETTLES]: how long that takes (ms), from the moment that the shard was switched.
-- Returns how long it still takes (ms).
local key = moves.key_of(ARGV[ACCOUNT])
local kept = call('HMGET', key, 'phase', 'switchedAt')
if kept[1] ~= 'switched' then
  return 0
end
local left = math.max(0, whole(kept[2]) + tonumber(ARGV[SETTLES]) - read_clock())
if left == 0 then
  call('HSET', key, 'phase', 'leaving')
end
return left
