-- trial_finish: writes down what a test event came to, and answers whoever waits for it.
--
-- ARGV: delivery, LOG_LENGTH, how long its payload is kept (ms), outcome ('succeeded' or 'exhausted'), duration (ms), and what
--       the log keeps if it isn't empty: status, error code, detail, timing, head of the answer, snippet.
-- Returns nothing.
-- Guarantees: once for each test. No strike, no reset, no retry, and nothing of the queue is touched.
local delivery = ARGV[1]
LOG_LENGTH = ARGV[2]
local key, id = P .. 'trial:' .. delivery, endpoint_of(delivery)
local v = call('HMGET', key, 'account', 'event', 'body', 'done')
if not v[1] or v[4] or call('EXISTS', P .. 'endpoint:' .. id) == 0 then
  return
end
local fields = { 'delivery', delivery, 'event', v[2], 'attempt', 1, 'outcome', ARGV[4], 'ms', ARGV[5], 'test', 1 }
add_filled(fields, { 'status', 'error', 'detail', 'timing', 'headers', 'snippet' }, 6)
local entry, event = write_log(id, fields), P .. 'event:' .. event_of(delivery)
call('HSET', event, 'body', v[3], 'event', v[2], 'account', v[1], 'refs', 0, 'deliveries', 1, 'charge', charge_of(#v[3]),
  'acceptedAt', read_clock())
call('PEXPIRE', event, ARGV[3])
call('HSET', key, 'done', entry)
local answer = P .. 'answer:' .. delivery
call('RPUSH', answer, entry)
call('PEXPIRE', answer, 60000)
count('trials')
flush()
