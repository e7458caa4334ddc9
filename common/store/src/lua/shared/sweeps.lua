-- sweeps.lua: queues that are set aside in one step, whatever their length, for upkeep to work through.

-- An endpoint's field `releasing` names its queues that are being released, so that nobody has to look for them among the jobs
-- of all endpoints. There are this many at most.
local MOST_RELEASES = 16

local function releases_of(id)
  local keys = {}
  for key in string.gmatch(call('HGET', P .. 'endpoint:' .. id, 'releasing') or '', '%S+') do
    if call('EXISTS', key) == 1 then
      keys[#keys + 1] = key
    end
  end
  return keys
end

local function name_releases(id, keys)
  if #keys > 0 then
    call('HSET', P .. 'endpoint:' .. id, 'releasing', table.concat(keys, ' '))
  else
    call('HDEL', P .. 'endpoint:' .. id, 'releasing')
  end
end

-- Releases an endpoint's retries, whenever they are due. If its owner switches it off and on faster than upkeep works, they wait
-- for their own times instead.
local function release_retries(id, operation)
  local keys = releases_of(id)
  if #keys < MOST_RELEASES then
    keys[#keys + 1] = set_aside(id, operation, 'retry', 'zset', 'release')
    name_releases(id, keys)
    return
  end
  local nearest = call('ZRANGE', P .. 'retry:' .. id, 0, 0, 'WITHSCORES')
  if nearest[1] then
    call('ZADD', TIMERS, nearest[2], id)
  end
end

-- Cancels all that is parked at an endpoint, also what was being released; returns how many deliveries that are. A queue that was
-- set aside gets another name, so that its old job finds nothing.
local function discard(id, operation)
  leave_quarantine(id)
  local discarded = call('LLEN', P .. 'pending:' .. id) + call('ZCARD', P .. 'retry:' .. id)
  set_aside(id, operation, 'pending', 'list', 'cancel')
  set_aside(id, operation, 'retry', 'zset', 'cancel')
  for number, key in ipairs(releases_of(id)) do
    local to = P .. 'sweep:' .. operation .. '.' .. text_of(number) .. ':retry'
    discarded = discarded + call('ZCARD', key)
    call('RENAME', key, to)
    call('RPUSH', SWEEPS, 'cancel ' .. id .. ' ' .. to .. ' zset')
  end
  name_releases(id, {})
  return discarded
end
