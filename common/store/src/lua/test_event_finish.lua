-- test_event_finish: writes down what a test event came to, and answers whoever waits for it.
--
-- ARGV: delivery, LOG_LENGTH, outcome ('succeeded' or 'exhausted'), duration (ms), and what the log keeps if it isn't empty: status,
--       error code, detail, timing, head of the answer, snippet.
-- Returns nothing.
-- Guarantees: once for each test. No strike, no reset, no retry, and nothing of the queue is touched. Its payload is kept as that of
-- a delivered event.
local delivery = ARGV[1]
LOG_LENGTH = ARGV[2]
local key, id = P .. 'trial:' .. delivery, endpoint_of(delivery)
local v = call('HMGET', key, 'account', 'event', 'body', 'done')
if not v[1] or v[4] or call('EXISTS', P .. 'endpoint:' .. id) == 0 then
  return
end
local fields = { 'delivery', delivery, 'event', v[2], 'attempt', 1, 'outcome', ARGV[3], 'ms', ARGV[4], 'test', 1 }
for i, name in ipairs({ 'status', 'error', 'detail', 'timing', 'headers', 'snippet' }) do
  add_filled(fields, name, ARGV[4 + i])
end
local entry, event, charge = write_log(id, fields), event_of(delivery), charge_of(#v[3])
call('HSET', P .. 'event:' .. event, 'body', v[3], 'event', v[2], 'account', v[1], 'refs', 0, 'deliveries', 1, 'charge', charge,
  'acceptedAt', read_clock())
finish(event, v[1], nil, charge)
call('HSET', key, 'done', entry)
local answer = P .. 'answer:' .. delivery
call('RPUSH', answer, entry)
call('PEXPIRE', answer, 60000)
count('trials')
flush()
