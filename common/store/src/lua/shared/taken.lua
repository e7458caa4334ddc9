-- taken.lua: a delivery leaves the place where it was found, wherever it waits or is in flight.

-- Takes a delivery out of its place; returns false if it isn't there any more, and the size of its payload if a token says it.
local function take(queue, text, delivery)
  if queue == 'leases' then
    local token = call('HGET', TOKENS, delivery)
    if not token then
      return false
    end
    local terms, size = tally.parse_token(token)
    shares.free(terms)
    call('ZREM', LEASES, delivery)
    call('HDEL', TOKENS, delivery)
    return true, tonumber(size)
  elseif string.sub(queue, 1, 8) == 'pending:' or string.sub(queue, -8) == ':pending' then
    return call('LREM', P .. queue, 1, text) == 1
  end
  return call('ZREM', P .. queue, text) == 1
end

-- What follows for its endpoint. Whoever still has something pending stands where it stood.
local function leave(e, queue)
  if queue == 'leases' then
    e.in_flight, e.is_unsettled = math.max(0, e.in_flight - 1), true
  elseif string.sub(queue, 1, 6) == 'retry:' then
    set_timer(e)
  elseif string.sub(queue, 1, 8) == 'pending:' then
    e.is_unsettled = e.is_unsettled or call('LLEN', P .. queue) == 0
    if e.state ~= 'active' then
      set(e, 'inOrder', '') -- upkeep looks at all of it again
    end
  end
end
