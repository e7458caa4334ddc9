-- worker_drain: an operator wants a worker to take nothing new (`DRAIN` is 1), or to go on (0).
--
-- Returns 1, or 0 if this shard doesn't know the worker.
-- Guarantees: repeating it changes nothing; the time of the first wish stays. The worker hears of it with its next step of upkeep.
local own, now = P .. 'workers:' .. ARGV[NAME], look_at_clock()
local drain = call('HGET', own, 'drain')
if not drain then
  if ARGV[DRAIN] == '0' then
    -- A worker that comes back here still goes by the wish that is being taken back (`worker_register`).
    call('HSET', own, 'drain', '-1')
    call('PEXPIRE', own, 72000)
  end
  return 0
end
if ARGV[DRAIN] == '0' then
  call('HSET', own, 'drain', '-1')
elseif drain == '-1' then
  call('HSET', own, 'drain', string.format('%d', now))
end
return 1
