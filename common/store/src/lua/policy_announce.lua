-- policy_announce: what a worker is configured to, for those who only read.
--
-- ARGV: names and values.
-- Returns how many names are new.
return call('HSET', P .. 'policy', unpack(ARGV))
