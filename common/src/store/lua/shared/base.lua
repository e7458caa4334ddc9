-- base.lua: the names of the keys, and what even the shortest script needs. It stands in front of every script. Each names the
-- other parts that it needs (`scripts.rs`), since what stands in front is run with every call.
--
-- KEYS[1] is the shard's prefix (`wh:{0}:`); the keys that have a fixed name follow. Keys of endpoints, events,
-- deliveries and accounts are computed from the prefix alone, so that all lie in one hash slot.
local P, READY, READY_SLOW, STATS, WAKE, PARKED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local call = redis.call

-- Wakes one sleeping worker, unless a token waits already.
local function wake()
  if call('LLEN', WAKE) == 0 then
    call('RPUSH', WAKE, '1')
  end
end

-- What an unfinished event is charged to its account: its payload and what surrounds it.
local function charge_of(bytes)
  return bytes + 256
end

