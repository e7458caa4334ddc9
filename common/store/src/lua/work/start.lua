-- work: records what became of leases, then hands out new ones. Its arguments and answer are declared in queue/script.rs.
--
-- In the answer a report's result is 0 (stale), 1 (recorded) or 2 (recorded, and it disabled the endpoint), and a lease names its
-- endpoint and its event by their places in the answer, from 0.
-- Guarantees: a report counts only while its token stands, so once. The same sequence changes nothing and answers the same
-- results, and those of its leases that still stand; a lower one is refused. Retry, hold, strike, disabling, log entry and what
-- the account is told are one step. Bounded by 64 reports, 64 leases, 64 promotions.
local incarnation, sequence_text, sequence = ARGV[INCARNATION], ARGV[SEQUENCE], tonumber(ARGV[SEQUENCE])
local want, want_slow, want_bytes = tonumber(ARGV[WANT]), tonumber(ARGV[WANT_SLOW]), tonumber(ARGV[WANT_BYTES])
local free_slots, free_slow, most_suspects = tonumber(ARGV[FREE]), tonumber(ARGV[FREE_SLOW]), tonumber(ARGV[MOST_SUSPECTS])
DISABLE_AFTER, DISABLE_MIN_SPAN = tonumber(ARGV[DISABLE_AFTER]), tonumber(ARGV[DISABLE_MIN_SPAN])
CAP, RETENTION_SUCCEEDED, RETENTION_FAILED = tonumber(ARGV[ENDPOINT_CONCURRENCY]), ARGV[RETENTION_SUCCEEDED], ARGV[RETENTION_FAILED]
MOST_AT_DESTINATION = tonumber(ARGV[DESTINATION_CONCURRENCY])
LOG_LENGTH, SPARE, SOON = ARGV[LOG_LENGTH], ARGV[SPARE], ARGV[DELIVERY_TIMEOUT] / 4

local worker_key = P .. 'worker:' .. incarnation
local seen, last_results, last_leases, named = string.match(call('GET', worker_key) or '', '^(%d+) (%d*) ?([^|]*)|?(.*)$')
seen = tonumber(seen) or 0
local held = suspects_in(named)
local is_repeat = sequence == seen
if sequence < seen then
  return redis.error_reply('FENCED sequence ' .. sequence .. ' is older than ' .. seen)
end
reads_targets, flushes_clock = want > 0, true
local now = read_clock()

