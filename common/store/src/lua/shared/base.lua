-- base.lua: the names of the keys, what even the shortest script needs, and the guard. It stands in front of every script that
-- works on what is stored.
--
-- KEYS[1] is the shard's prefix (`wh:{0}:`), KEYS[2] is `wh:meta`. All other keys are computed from the prefix, so that they lie in
-- one hash slot: naming each of them would cost a call as much as several commands.
local key_names
do
  local prefix, names

  -- The keys that have a fixed name. A function that Redis keeps makes their names once.
  function key_names(of)
    if of ~= prefix then
      prefix, names = of, {}
      for _, name in ipairs({ 'ready', 'ready:slow', 'stats', 'wake', 'parked', 'timers', 'leases', 'tokens', 'sweeps', 'quarantine',
        'replays', 'trials' }) do
        names[name] = of .. name
      end
    end
    return names
  end
end
local P, META = KEYS[1], KEYS[2]
local fixed = key_names(P)
local READY, READY_SLOW, STATS, WAKE, PARKED = fixed.ready, fixed['ready:slow'], fixed.stats, fixed.wake, fixed.parked

-- Keys that something else has overwritten ---------------------------------------------------------------------------
--
-- Redis doesn't roll scripts back, so one that failed at such a key would fail there again and again, and half-way. The key
-- is moved out of the way instead, to `corrupt:<its name>`, and the command repeated on what is then absent.
local raw, lua_type = redis.pcall, type

-- Notes, where an operator finds it, something that can't be read and is left out. Returns how many were noted so far.
local function note_corrupt(id, text)
  redis.call('RPUSH', P .. 'corrupt', id .. ' ' .. text)
  redis.call('LTRIM', P .. 'corrupt', -1000, -1)
  return redis.call('HINCRBY', STATS, 'corrupt', 1)
end

-- Gives one of an endpoint's queues a name of its own; returns the name, or nil when nothing waits there.
local function rename_queue(id, operation, queue)
  local from, to = P .. queue .. ':' .. id, P .. 'sweep:' .. operation .. ':' .. queue
  if redis.call('EXISTS', from) == 0 then
    return nil
  end
  redis.call('RENAME', from, to)
  redis.call('PERSIST', to)
  return to
end

-- Sets one of an endpoint's queues aside for upkeep to sweep.
local function set_aside(id, operation, queue, kind, what)
  local to = rename_queue(id, operation, queue)
  if to then
    redis.call('RPUSH', P .. 'sweeps', what .. ' ' .. id .. ' ' .. to .. ' ' .. kind)
  end
end

local function move_away(name)
  local away = P .. 'corrupt:' .. name
  redis.call('RENAME', P .. name, away)
  redis.call('PEXPIRE', away, 14 * 86400000)
end

-- Cancels what waits for an endpoint whose key is gone, as if the endpoint had been removed. No other call has the same `number`.
local function give_up_endpoint(id, number)
  local operation = id .. '-' .. number
  set_aside(id, operation, 'pending', 'list', 'cancel')
  set_aside(id, operation, 'retry', 'zset', 'cancel')
  set_aside(id, operation, 'failed', 'zset', 'forget')
  set_aside(id, operation, 'blocks:log', 'zset', 'drop')
  for _, set in ipairs({ READY, READY_SLOW, P .. 'timers', PARKED, P .. 'failing' }) do
    redis.call('ZREM', set, id)
  end
  if redis.call('EXISTS', P .. 'log:' .. id) == 1 then
    move_away('log:' .. id)
  end
end

-- Whether a key belongs to one endpoint, delivery, event or account. The routes of an account don't count: without them its
-- events would be accepted and go nowhere. They stay, and the account's events are refused.
local function is_owned(name)
  local kind = string.match(name, '^(%l+):.')
  return kind and kind ~= 'ready' and kind ~= 'corrupt' and not string.find(name, '^account:.*:endpoints$')
end

local COUNTERS = { INCR = true, INCRBY = true, DECRBY = true }

-- If a command failed because of what its key holds, moves that away and runs the command once more.
local second_try = function(failed, command, key, ...)
  local name = type(key) == 'string' and string.sub(key, 1, #P) == P and string.sub(key, #P + 1)
  if not name or not is_owned(name) then
    return failed
  end
  local is_no_number = string.find(failed.err, 'not an integer', 1, true)
  local kind, id = string.match(name, '^(%l+):(.*)$')
  if string.sub(failed.err, 1, 9) == 'WRONGTYPE' or is_no_number and COUNTERS[command] then
    move_away(name)
    local number = note_corrupt(id, name)
    if kind == 'endpoint' then
      give_up_endpoint(id, number)
    end
  elseif is_no_number and command == 'HINCRBY' and kind ~= 'event' then
    redis.call('HDEL', key, (...))
    note_corrupt(id, name .. ' ' .. (...))
  else
    return failed
  end
  return raw(command, key, ...)
end

-- Runs a command; the caller looks at its failure.
local try = function(...)
  local answer = raw(...)
  if lua_type(answer) == 'table' and answer.err then
    return second_try(answer, ...)
  end
  return answer
end

-- Runs a command; its failure ends the script.
local call = function(...)
  local answer = raw(...)
  if lua_type(answer) == 'table' and answer.err then
    answer = second_try(answer, ...)
    if lua_type(answer) == 'table' and answer.err then
      error(answer)
    end
  end
  return answer
end

-- Time -----------------------------------------------------------------------------------------------------------------

-- Milliseconds since 1970 by Redis's own clock, which never goes back: when the clock is set back, the time goes on
-- from where it was (`clockSkew`). All times that are stored or compared are this one. Only tests set `clockOffset`.
-- Writes nothing: returns the time, Redis's clock, how far that was set back since it was last kept, and what is kept: behind the
-- clock's own three values the turn, and the counts that the caller names. The server's own clock (ms) is kept in `server_time`;
-- nothing stores or compares it.
local server_time
local function look_at_clock(...)
  local time = redis.call('TIME')
  server_time = time[1] * 1000 + math.floor(time[2] / 1000)
  local kept = call('HMGET', STATS, 'clockRaw', 'clockSkew', 'clockOffset', 'turn', ...)
  local now = server_time + (tonumber(kept[3]) or 0)
  local back = math.max(0, (tonumber(kept[1]) or now) - now)
  return now + (tonumber(kept[2]) or 0) + back, now, back, kept
end

-- The last argument is the identity of the store that the caller means. In any other, and in one whose schema isn't known, nothing
-- is read or written: the answer is 'REPLACED <empty|unmarked|other|schema> <ms since 1970> <the identity or schema that was found>'.
-- `SCHEMA`, a number, says which forms are written; all are read. From schema 2 on it stands behind the identity as well, where programs that
-- don't look at the schema stumble over it.
local meta = redis.pcall('HMGET', META, 'store', 'schema')
local stored_schema = meta[2] or '1'
local SCHEMA = tonumber(stored_schema) or 0
local expected = SCHEMA == 1 and ARGV[#ARGV]
  or (SCHEMA == 5 or SCHEMA == 4 or SCHEMA == 3 or SCHEMA == 2) and ARGV[#ARGV] .. '+s' .. stored_schema or nil
if meta[1] ~= expected then
  local time, kind, found = call('TIME'), 'other', meta[1]
  if type(found) ~= 'string' then
    found = ''
    kind = call('EXISTS', META, STATS, READY, PARKED) > 0 and 'unmarked' or 'empty'
  elseif not expected then
    kind, found = 'schema', stored_schema
  end
  return redis.error_reply(string.format('REPLACED %s %d %s', kind, time[1] * 1000 + math.floor(time[2] / 1000),
    string.match(found, '^[^+]*')))
end
ARGV[#ARGV] = nil

-- Wakes one sleeping worker, unless a token waits already.
local function wake()
  if call('LLEN', WAKE) == 0 then
    call('RPUSH', WAKE, '1')
  end
end

-- The same function, which remembers what it returned: what follows from its argument alone need not be worked out with each
-- call, as long as a function that Redis keeps may hold this many.
local MOST_REMEMBERED = 512
local function remembered(work_out)
  local known, number = {}, 0
  return function(argument)
    local value = known[argument]
    if value == nil then
      if number == MOST_REMEMBERED then
        known, number = {}, 0
      end
      value = work_out(argument)
      known[argument], number = value, number + 1
    end
    return value
  end
end

-- What an unfinished event is charged to its account: its payload and what surrounds it.
local function charge_of(bytes)
  return bytes + 256
end

