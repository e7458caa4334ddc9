-- store_room: does nothing. Redis refuses to run it at `maxmemory`, as it refuses what takes in new work.
--
-- Returns 1.
return 1
