-- policy_announce: announces how a worker is configured, to those who only read. If nobody tells the operator anything any more, what
-- waited to be told goes, and is counted.
if ARGV[OPERATOR_EVENTS] == '0' and call('EXISTS', P .. 'operator:sender') == 0 and call('EXISTS', P .. 'operator') == 1 then
  call('HINCRBY', STATS, 'operatorEventsDropped', call('LLEN', P .. 'operator'))
  call('DEL', P .. 'operator', P .. 'operator:bytes')
end
return call('HSET', P .. 'policy', 'disableAfter', ARGV[DISABLE_AFTER], 'disableMinSpan', ARGV[DISABLE_MIN_SPAN], 'retentionSucceeded',
  ARGV[RETENTION_SUCCEEDED], 'retentionFailed', ARGV[RETENTION_FAILED], 'logLength', ARGV[LOG_LENGTH], 'endpointConcurrency',
  ARGV[ENDPOINT_CONCURRENCY], 'destinationConcurrency', ARGV[DESTINATION_CONCURRENCY], 'maxAttempts', ARGV[MAX_ATTEMPTS],
  'deliveryTimeout', ARGV[DELIVERY_TIMEOUT], 'exhaustedBudget', ARGV[EXHAUSTED_BUDGET], 'headerPrefix', ARGV[HEADER_PREFIX],
  'operatorEvents', ARGV[OPERATOR_EVENTS])
