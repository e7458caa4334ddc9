-- observer_take: whether the caller is the one worker that reads the shard for the metrics. It becomes that if nobody is.
--
-- ARGV[OBSERVER]: who asks. ARGV[LEASE] (ms): for how long nobody else becomes it.
-- Returns 1 if it is, else 0.
-- Guarantees: there is one at most. A repeated call says the same.
local key = P .. 'observer'
local by = call('GET', key)
if by and by ~= ARGV[OBSERVER] then
  return 0
end
call('SET', key, ARGV[OBSERVER], 'PX', ARGV[LEASE])
return 1
