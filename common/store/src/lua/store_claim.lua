-- store_claim: gives a store its identity: at the very first start, to a store of a release that knew none, or because an operator
-- accepts what is there. It stands without base.lua, since it works on any store.
--
-- Returns 1, or 0 when the store is no longer what the caller saw.
-- Guarantees: of programs that start at once on an empty server one gives the identity, and all others find it. Repeating it changes
-- nothing more.
local META = KEYS[2]
if redis.call('TYPE', META).ok ~= 'hash' and redis.call('EXISTS', META) == 1 then
  redis.call('DEL', META) -- can't be read, so it holds nothing of ours
end
local meta = redis.call('HMGET', META, 'store', 'schema')
local found = string.match(meta[1] or '', '^[^+]*')
if (found ~= ARGV[SEEN] and found ~= ARGV[IDENTITY]) or (meta[2] and meta[2] ~= ARGV[SCHEMA]) then
  return 0
end
redis.call('HSET', META, 'store', ARGV[IDENTITY] .. (ARGV[SCHEMA] == '1' and '' or '+s' .. ARGV[SCHEMA])) -- see base.lua
redis.call('HSETNX', META, 'schema', ARGV[SCHEMA])
redis.call('HSETNX', META, 'shards', ARGV[SHARDS])
redis.call('HSETNX', META, 'writes', 0)
if ARGV[IS_ACCEPTED] == '1' then
  local time = redis.call('TIME')
  redis.call('HSET', META, 'acceptedAt', string.format('%d', time[1] * 1000 + math.floor(time[2] / 1000)))
  redis.call('HDEL', META, 'rewoundAt', 'rewoundFrom', 'rewoundTo')
end
return 1
