-- check_note: keeps what the latest check of this shard found, with the time of its end.
call('HSET', P .. 'checked', 'at', string.format('%d', (look_at_clock())), 'violations', ARGV[VIOLATIONS], 'unfinished', ARGV[UNFINISHED],
  'took', ARGV[TOOK])
return 1
