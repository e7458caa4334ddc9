-- releases.lua: what is parked comes back when its endpoint is switched on. Its queues are set aside in one step, whatever their
-- length, and upkeep brings them back in turns with what arrives (upkeep/releases.lua).

-- One name for all of it: a script may have 200 local variables.
local releases = {}
do
  -- An endpoint's field `releasing` names its queues that are being released, so that nobody has to look for them among the jobs
  -- of all endpoints. While there are this many, no more are set aside.
  local MOST_RELEASES = 16

  releases.of = function(id)
    local keys = {}
    for key in string.gmatch(call('HGET', P .. 'endpoint:' .. id, 'releasing') or '', '%S+') do
      if call('EXISTS', key) == 1 then
        keys[#keys + 1] = key
      end
    end
    return keys
  end

  releases.name = function(id, keys)
    if #keys > 0 then
      call('HSET', P .. 'endpoint:' .. id, 'releasing', table.concat(keys, ' '))
    else
      call('HDEL', P .. 'endpoint:' .. id, 'releasing')
    end
  end

  -- So many stay at the head of a pending list when its endpoint is switched on, and are served at once.
  local STAY = 64

  -- Releases what is parked at an endpoint, whenever its retries are due: sets it aside, and upkeep brings it back in turns with what
  -- arrives. If its owner switches it off and on faster than upkeep works, it stays where it is.
  releases.begin = function(e, operation)
    if e.state ~= 'active' then
      return -- it stays parked
    end
    local id = e.id
    local keys = releases.of(id)
    if #keys < MOST_RELEASES then
      local before = #keys
      if call('LLEN', P .. 'pending:' .. id) > STAY then
        local pending = rename_queue(id, operation, 'pending')
        call('RPUSH', P .. 'pending:' .. id, unpack(call('LPOP', pending, STAY)))
        keys[#keys + 1] = pending
      end
      keys[#keys + 1] = rename_queue(id, operation, 'retry')
      if #keys > before then
        releases.name(id, keys)
        call('ZADD', P .. 'chores', text_of(read_clock()), 'release ' .. id .. ' ' .. operation)
      end
      return
    end
    local nearest = call('ZRANGE', P .. 'retry:' .. id, 0, 0, 'WITHSCORES')
    if nearest[1] then
      write_timer('ZADD', nearest[2], id)
    end
  end
end
