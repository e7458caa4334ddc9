-- store_watch: tells a program, about once a second, what it has to know of its store. It stands without base.lua, since it looks
-- at any store.
--
-- Returns {ms since 1970, identity, schema, shards, to how many they grow, version of the directory, writes, when it was accepted (ms), when
--       it was found rewound (ms), from, to, how often service keys were changed, 1 if there are other keys of ours, when upkeep was last done, 1 if deliveries wait for a
--       worker, the time by which scripts go (ms), 1 if nothing waits, is in flight or is due}; '' for what isn't there. `writes` is as it was before this call raised it.
-- Guarantees: writes nothing unless the store has the caller's identity. A repeated call may raise `writes` twice.
local P, META = KEYS[1], KEYS[2]
local READY, READY_SLOW, STATS, TIMERS, LEASES = P .. 'ready', P .. 'ready:slow', P .. 'stats', P .. 'timers', P .. 'leases'
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local meta = redis.pcall('HMGET', META, 'store', 'schema', 'shards', 'growsTo', 'directory', 'writes', 'acceptedAt', 'rewoundAt',
  'rewoundFrom', 'rewoundTo', 'serviceKeys')
if meta.err then
  meta = {}
end
meta[1] = meta[1] and string.match(meta[1], '^[^+]*') -- see base.lua
if meta[1] and meta[1] == ARGV[IDENTITY] then
  if ARGV[WROTE] == '1' then
    redis.call('HINCRBY', META, 'writes', 1)
  end
  if ARGV[REWOUND_FROM] ~= '' then
    meta[8], meta[9], meta[10] = string.format('%d', now), ARGV[REWOUND_FROM], ARGV[REWOUND_TO]
    redis.call('HSET', META, 'rewoundAt', meta[8], 'rewoundFrom', meta[9], 'rewoundTo', meta[10])
  end
end
local others = 0
if not meta[1] and redis.call('EXISTS', META, P .. 'policy', READY, READY_SLOW, STATS, P .. 'wake', P .. 'parked', TIMERS, LEASES,
  P .. 'tokens', P .. 'sweeps', P .. 'quarantine', P .. 'corrupt', P .. 'replays', P .. 'trials') > 0 then
  others = 1
end

-- Nothing here may fail because a key holds something else than it should: 0 then.
local function size(count)
  return type(count) == 'number' and count or 0
end
local stats = redis.pcall('HMGET', STATS, 'reapedAt', 'clockSkew', 'clockOffset', 'clockRaw')
if stats.err then
  stats = {}
end
local own = now + (tonumber(stats[3]) or 0)
local script_time = own + (tonumber(stats[2]) or 0) + math.max(0, (tonumber(stats[4]) or own) - own) -- see base.lua
local waiting = size(redis.pcall('ZCARD', READY)) + size(redis.pcall('ZCARD', READY_SLOW)) + size(redis.pcall('ZCARD', LEASES))
if waiting == 0 then
  local first = redis.pcall('ZRANGE', TIMERS, 0, 0, 'WITHSCORES')
  waiting = first[2] and tonumber(first[2]) <= script_time and 1 or 0
end

local answer = { string.format('%d', now) }
for i = 1, 11 do
  answer[i + 1] = meta[i] or ''
end
answer[13], answer[14], answer[15] = others, stats[1] or '', waiting > 0 and 1 or 0
answer[16] = string.format('%d', script_time)

-- Whatever workers look for again and again: deliveries, test events, and what upkeep has to do or the operator is to be told.
local function is_due(key)
  local first = redis.pcall('ZRANGE', key, 0, 0, 'WITHSCORES')
  return first.err or first[2] and tonumber(first[2]) <= script_time
end
local dated = { P .. 'quarantine', P .. 'failing', P .. 'chores', P .. 'replays', P .. 'waiting', P .. 'parked' }
local is_quiet = waiting == 0 and redis.call('EXISTS', P .. 'wake', P .. 'trials', P .. 'sweeps', P .. 'erasures', P .. 'operator',
  P .. 'disabled') == 0
if is_quiet and redis.call('EXISTS', unpack(dated)) > 0 then
  for _, key in ipairs(dated) do
    is_quiet = is_quiet and not is_due(key)
  end
end
answer[17] = is_quiet and 1 or 0
return answer
