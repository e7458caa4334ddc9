-- test_event_finish: writes down what a test event came to, and answers whoever waits for it.
--
-- Guarantees: once for each test. No strike, no reset, no retry, and nothing of the queue is touched. Its payload is kept as that of
-- a delivered event.
local delivery = ARGV[DELIVERY]
LOG_LENGTH = ARGV[LOG_LENGTH]
local key, id = P .. 'trial:' .. delivery, endpoint_of(delivery)
local v = call('HMGET', key, 'account', 'event', 'body', 'done')
if not v[1] or v[4] or call('EXISTS', P .. 'endpoint:' .. id) == 0 then
  return
end
local elsewhere = terms.elsewhere(v[1])
if elsewhere then
  return elsewhere -- it moves to another shard meanwhile: whoever waits for it asks again there
end
local fields = { 'delivery', delivery, 'event', v[2], 'attempt', 1, 'outcome', ARGV[OUTCOME], 'ms', ARGV[MS], 'test', 1 }
add_filled(fields, 'status', ARGV[STATUS])
add_filled(fields, 'error', ARGV[ERROR])
add_filled(fields, 'detail', ARGV[DETAIL])
add_filled(fields, 'timing', ARGV[TIMING])
add_filled(fields, 'headers', ARGV[HEADERS])
add_filled(fields, 'snippet', ARGV[SNIPPET])
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
