-- history_forestall: from here on no block is written that was made of what an account had finished before.
--
-- Returns 1. Guarantees: the same again changes nothing but that.
forestall_packing(ARGV[ACCOUNT])
return 1
