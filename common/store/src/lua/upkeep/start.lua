-- upkeep: one bounded step of what nobody waits for.
--
-- Returns {{leases taken back, deliveries swept, 1 if there is more to do now, ms until a replay wants its next step, or
-- a streak has lasted for long enough (-1: none), {events, bytes} released at their age, {events, bytes} released early, {events,
-- bytes} released since an account had too much exhausted, endpoints disabled, since when the worker is to take nothing new (see worker_register.lua; '': it
-- isn't known)}, {replay of many that the worker has to go on with…}, 1 if
-- accounts are being erased}.
-- Guarantees: each lease that is taken back, and each delivery that is swept or replayed, is accounted for exactly once. Leases wait
-- as long again after a gap in reaping (Redis, or every worker, was away, or the clock was set): workers report first.
CAP, LOG_LENGTH, SPARE = tonumber(ARGV[ENDPOINT_CONCURRENCY]), ARGV[LOG_LENGTH], ARGV[SPARE]
DISABLE_AFTER, DISABLE_MIN_SPAN = tonumber(ARGV[DISABLE_AFTER]), tonumber(ARGV[DISABLE_MIN_SPAN])
RETENTION_SUCCEEDED, RETENTION_FAILED = ARGV[RETENTION_SUCCEEDED], ARGV[RETENTION_FAILED]
local limit = tonumber(ARGV[MOST])
local now = read_clock()

-- Gaps and clocks ---------------------------------------------------------------------------------------------------

local kept = call('HMGET', STATS, 'reapedAt', 'reapHold', 'ageHold')
local hold, age_hold = tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
local gap = kept[1] and now - kept[1] or 0
if gap > 10000 then
  hold = now + tonumber(ARGV[LEASE])
  call('HSET', STATS, 'reapHold', hold)
end
-- The clock went on by a minute more than time did: it is ahead, or was behind. For ten minutes nobody's age is believed, so
-- that it can be set right.
if gap > 60000 and gap - (tonumber(ARGV[SINCE_LAST]) or gap) > 60000 then
  age_hold = now + 600000
  call('HSET', STATS, 'ageHold', age_hold)
end
call('HSET', STATS, 'reapedAt', now)
