-- work: records what became of leases, then hands out new ones. Its arguments and answer are declared in queue/script.rs.
--
-- In the answer a report's result is a digit: 0 (stale), 1 (recorded) or 2 (recorded, and it disabled the endpoint), and a lease names its
-- endpoint and its event by their places in the answer, from 0.
-- Guarantees: a report counts only while its token stands, so once. The same sequence changes nothing and answers the same
-- results, and those of its leases that still stand; a lower one is refused. Retry, hold, strike, disabling, log entry and what
-- the account is told are one step. Bounded by 64 reports, 64 leases, 64 promotions.
local incarnation, sequence_text, sequence = ARGV[INCARNATION], ARGV[SEQUENCE], tonumber(ARGV[SEQUENCE])
local want, want_slow, want_bytes = tonumber(ARGV[WANT]), tonumber(ARGV[WANT_SLOW]), tonumber(ARGV[WANT_BYTES])
local free_slots, free_slow, most_suspects = tonumber(ARGV[FREE]), tonumber(ARGV[FREE_SLOW]), tonumber(ARGV[MOST_SUSPECTS])

-- The policy that workers follow. It is the same text in each of their calls, so a function that Redis keeps takes it apart once.
local policy_of
do
  local known, policy

  function policy_of(text)
    if text ~= known then
      local lease, timeout, cap, at_destination, after, span, succeeded, failed, log_length, told, attempts =
        string.match(text, '^(%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d) (%d+)$')
      known, policy = text, {
        lease = tonumber(lease), soon = timeout / 4, cap = tonumber(cap), at_destination = tonumber(at_destination),
        disable_after = tonumber(after), disable_min_span = tonumber(span), retention_succeeded = succeeded, retention_failed = failed,
        log_length = log_length, announced = { told, attempts },
      }
    end
    return policy
  end
end
local policy = policy_of(ARGV[POLICY])
CAP, MOST_AT_DESTINATION, SOON = policy.cap, policy.at_destination, policy.soon
DISABLE_AFTER, DISABLE_MIN_SPAN = policy.disable_after, policy.disable_min_span
RETENTION_SUCCEEDED, RETENTION_FAILED, LOG_LENGTH = policy.retention_succeeded, policy.retention_failed, policy.log_length
operator_events.announced = policy.announced -- the worker knows it
SPARE = ARGV[SPARE]

local worker_key = P .. 'worker:' .. incarnation
local kept_of_worker = call('GET', worker_key) or ''
local last_sequence, suspects_at = tonumber(string.match(kept_of_worker, '^%d+')) or 0, string.find(kept_of_worker, '|', 1, true)
local held = suspects_in(suspects_at and string.sub(kept_of_worker, suspects_at + 1))
local is_repeat = sequence == last_sequence
local last_results, last_leases
if is_repeat then
  last_results, last_leases = string.match(kept_of_worker, '^%d+ (%d*) ?([^|]*)')
end
if sequence < last_sequence then
  return redis.error_reply('FENCED sequence ' .. sequence .. ' is older than ' .. last_sequence)
end
reads_targets, flushes_clock = want > 0, true
local now = read_clock()

