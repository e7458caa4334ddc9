-- base.lua: the names of the keys, what even the shortest script needs, and the guard. It stands in front of every script that
-- works on what is stored. Each names the other parts that it needs (`scripts.rs`), since what stands in front is run with every
-- call.
--
-- KEYS[1] is the shard's prefix (`wh:{0}:`); the keys that have a fixed name follow, and `wh:meta` is the last. Keys of
-- endpoints, events, deliveries and accounts are computed from the prefix alone, so that all lie in one hash slot.
local P, READY, READY_SLOW, STATS, WAKE, DISABLED = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local call = redis.call

-- The last argument is the identity of the store that the caller means. In any other nothing is read or written: the answer is
-- 'REPLACED <empty|unmarked|other> <ms since 1970> <the identity that was found>'.
local identity = redis.pcall('HGET', KEYS[#KEYS], 'store')
if identity ~= ARGV[#ARGV] then
  local time, kind = call('TIME'), 'other'
  if type(identity) ~= 'string' then
    identity = ''
    kind = call('EXISTS', KEYS[#KEYS], STATS, READY, DISABLED) > 0 and 'unmarked' or 'empty'
  end
  return redis.error_reply(string.format('REPLACED %s %d %s', kind, time[1] * 1000 + math.floor(time[2] / 1000), identity))
end
ARGV[#ARGV] = nil

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

