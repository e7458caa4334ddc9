-- unfinished.lua: where the deliveries of some endpoints are that have not ended, if all that has to be looked through is little enough for one
-- step.

local unfinished = {}
do
  -- So many deliveries are looked at: some milliseconds.
  local MOST = 20000

  -- The queues that were set aside: all that wait to be canceled, and those that come back to these endpoints.
  local function set_aside_queues(ids)
    local names = {}
    for _, job in ipairs(call('LRANGE', SWEEPS, 0, MOST)) do
      local name = string.match(job, '^%S+ %S+ (%S+) %S+$')
      if name and (string.sub(name, -8) == ':pending' or string.sub(name, -6) == ':retry') then
        names[#names + 1] = name
      end
    end
    for _, id in ipairs(ids) do
      for name in string.gmatch(call('HGET', P .. 'endpoint:' .. id, 'releasing') or '', '%S+') do
        names[#names + 1] = name
      end
    end
    return names
  end

  -- All deliveries in the queues of these endpoints, and whatever is in flight, in quarantine or set aside, of whomever; each as often as it
  -- is somewhere. Nil if that is too much to look through.
  unfinished.around = function(ids)
    local aside = set_aside_queues(ids)
    local number = call('ZCARD', LEASES) + call('ZCARD', QUARANTINE) + #ids + #aside
    for _, id in ipairs(ids) do
      number = number + call('LLEN', P .. 'pending:' .. id) + call('ZCARD', P .. 'retry:' .. id)
    end
    for _, name in ipairs(aside) do
      number = number + length_of(name)
    end
    if number > MOST then
      return nil
    end
    local found = {}
    local function add(members)
      for _, member in ipairs(members) do
        found[#found + 1] = string.match(member, '^[^:]+')
      end
    end
    add(call('ZRANGE', LEASES, 0, -1))
    add(call('ZRANGE', QUARANTINE, 0, -1))
    for _, id in ipairs(ids) do
      add(call('LRANGE', P .. 'pending:' .. id, 0, -1))
      add(call('ZRANGE', P .. 'retry:' .. id, 0, -1))
    end
    for _, name in ipairs(aside) do
      if string.sub(name, -8) == ':pending' then
        add(call('LRANGE', name, 0, -1))
      else
        add(call('ZRANGE', name, 0, -1))
      end
    end
    return found
  end
end
