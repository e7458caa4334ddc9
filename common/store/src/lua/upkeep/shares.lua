-- Places that endpoints wait for ---------------------------------------------------------------------------------------------

-- A step looks at this many names that endpoints wait for. The counts are made anew so often (ms), unless more are in flight: an
-- older release that runs beside this one may have ended leases without counting.
local MOST_NAMES, RECOUNT_AFTER, MOST_RECOUNTED = 8, 600000, 5000

for _, name in ipairs(call('ZRANGEBYSCORE', WAITING, '-inf', now, 'LIMIT', 0, MOST_NAMES)) do
  shares.look_again(name)
end
if now - (tonumber(call('HGET', STATS, 'sharesCountedAt')) or 0) >= RECOUNT_AFTER then
  call('HSET', STATS, 'sharesCountedAt', text_of(now))
  if call('ZCARD', LEASES) <= MOST_RECOUNTED then
    tally.recount(call('HVALS', TOKENS))
  end
end
