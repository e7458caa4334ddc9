-- policy_announce: announces how a worker is configured, to those who only read. If the operator isn't told of anything any more, what
-- waited to be told goes.
if ARGV[OPERATOR_EVENTS] == '0' then
  call('DEL', P .. 'operator', P .. 'operator:bytes', P .. 'operator:sender')
end
return call('HSET', P .. 'policy', 'disableAfter', ARGV[DISABLE_AFTER], 'disableMinSpan', ARGV[DISABLE_MIN_SPAN], 'retentionSucceeded',
  ARGV[RETENTION_SUCCEEDED], 'retentionFailed', ARGV[RETENTION_FAILED], 'logLength', ARGV[LOG_LENGTH], 'endpointConcurrency',
  ARGV[ENDPOINT_CONCURRENCY], 'destinationConcurrency', ARGV[DESTINATION_CONCURRENCY], 'maxAttempts', ARGV[MAX_ATTEMPTS],
  'deliveryTimeout', ARGV[DELIVERY_TIMEOUT], 'exhaustedBudget', ARGV[EXHAUSTED_BUDGET], 'headerPrefix', ARGV[HEADER_PREFIX],
  'operatorEvents', ARGV[OPERATOR_EVENTS])
