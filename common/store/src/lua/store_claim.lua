-- store_claim: gives a store its identity: at the very first start, to a store of a release that knew none, or because an operator
-- accepts what is there. It stands without base.lua, since it works on any store.
--
-- ARGV: the identity that the caller saw ('' for none), the one that the store is to have, schema, shards, '1' if an operator
--       accepts it.
-- Returns 1, or 0 when the store is no longer what the caller saw.
-- Guarantees: of programs that start at once on an empty server one gives the identity, and all others find it. Repeating it changes
-- nothing more.
local META = KEYS[#KEYS]
if redis.call('TYPE', META).ok ~= 'hash' and redis.call('EXISTS', META) == 1 then
  redis.call('DEL', META) -- can't be read, so it holds nothing of ours
end
local meta = redis.call('HMGET', META, 'store', 'schema')
local found = meta[1] or ''
if (found ~= ARGV[1] and found ~= ARGV[2]) or (meta[2] and meta[2] ~= ARGV[3]) then
  return 0
end
redis.call('HSET', META, 'store', ARGV[2])
redis.call('HSETNX', META, 'schema', ARGV[3])
redis.call('HSETNX', META, 'shards', ARGV[4])
redis.call('HSETNX', META, 'writes', 0)
if ARGV[5] == '1' then
  local time = redis.call('TIME')
  redis.call('HSET', META, 'acceptedAt', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)))
  redis.call('HDEL', META, 'rewoundAt', 'rewoundFrom', 'rewoundTo')
end
return 1
