-- worker_leave: a worker that has stopped, with everything recorded, takes itself out of the register.
call('ZREM', P .. 'workers', ARGV[NAME])
call('DEL', P .. 'workers:' .. ARGV[NAME])
return 1
