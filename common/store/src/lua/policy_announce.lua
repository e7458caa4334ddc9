-- policy_announce: announces how a worker is configured, to those who only read.
return call('HSET', P .. 'policy', 'disableAfter', ARGV[DISABLE_AFTER], 'disableMinSpan', ARGV[DISABLE_MIN_SPAN], 'retentionSucceeded',
  ARGV[RETENTION_SUCCEEDED], 'retentionFailed', ARGV[RETENTION_FAILED], 'logLength', ARGV[LOG_LENGTH], 'endpointConcurrency',
  ARGV[ENDPOINT_CONCURRENCY], 'destinationConcurrency', ARGV[DESTINATION_CONCURRENCY], 'maxAttempts', ARGV[MAX_ATTEMPTS],
  'deliveryTimeout', ARGV[DELIVERY_TIMEOUT], 'exhaustedBudget', ARGV[EXHAUSTED_BUDGET], 'headerPrefix', ARGV[HEADER_PREFIX])
