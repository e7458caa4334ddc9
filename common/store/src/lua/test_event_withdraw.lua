-- test_event_withdraw: takes the request for a test event back, unless a worker has it.
--
-- Returns how many were taken back. A repeat returns 0.
return call('LREM', P .. 'trials', 0, ARGV[DELIVERY])
