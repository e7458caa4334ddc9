-- What was parked and comes back ------------------------------------------------------------------------------------------

-- What is released takes turns with what arrives: a step brings as many back as fill the pending list up to this length. If what
-- arrives alone keeps it longer, a few go to its front whenever none of those before them is left there.
local RELEASED_UP_TO, FEW = 64, 8

-- The first `most` of a release, oldest first, and what is to be taken from each of its queues.
local function oldest_released(list, set, most)
  if most == 0 then
    return {}, 0, {}
  end
  local texts = call('LRANGE', list, 0, most - 1)
  local members = call('ZRANGE', set, 0, most - 1, 'WITHSCORES')
  local found, of_list, of_set = {}, 0, {}
  while #found < most do
    local text, member = texts[of_list + 1], members[2 * #of_set + 1]
    local since
    if member then
      since = tonumber(members[2 * #of_set + 2])
      since = since < MILLISECONDS and since * 1000 or time_in(member)
    end
    if text and (not since or time_in(text) <= since) then
      of_list = of_list + 1
      found[#found + 1] = { text = text, since = time_in(text) }
    elseif member then
      of_set[#of_set + 1] = member
      found[#found + 1] = { member = member, since = since }
    else
      break
    end
  end
  return found, of_list, of_set
end

-- Parks something again whose endpoint stopped being active before it came back.
local function park_again(id, one)
  local delivery, attempts, is_suspect = parse_entry(one.text or one.member)
  if not delivery then
    note_corrupt(id, one.text or one.member)
  elseif is_suspect then
    park_suspect(id, delivery)
  else
    if one.text then
      call('HSET', record_of(delivery), 'state', 'retrying', 'endpoint', id, 'event', event_of(delivery), 'type', type_of(delivery),
        'attempts', attempts)
    end
    park(id, delivery)
  end
end

-- Puts something back in line.
local function bring_back(push, id, one)
  local delivery = parse_entry(one.text or one.member)
  if not delivery then
    note_corrupt(id, one.text or one.member)
  elseif one.text then
    call(push, P .. 'pending:' .. id, one.text)
  else
    requeue(push, id, delivery)
  end
end

-- How many of a release an active endpoint's list has room for, and where they go. The last ones come together.
local function room_for(id, waiting, list, set)
  local left = call('LLEN', list) + call('ZCARD', set)
  if left <= RELEASED_UP_TO then
    return left, 'RPUSH'
  elseif waiting < RELEASED_UP_TO then
    return RELEASED_UP_TO - waiting, 'RPUSH'
  end
  local next_one = oldest_released(list, set, 1)[1]
  local head = call('LINDEX', P .. 'pending:' .. id, 0)
  if next_one and head and time_in(head) > next_one.since then
    return FEW, 'LPUSH'
  end
  return 0
end

-- One step of a release. `operation` names its queues. Returns how many deliveries it moved.
local function step_release(id, operation)
  local chore, e = 'release ' .. id .. ' ' .. operation, endpoint(id)
  local list, set = P .. 'sweep:' .. operation .. ':pending', P .. 'sweep:' .. operation .. ':retry'
  if not e then
    -- It was removed.
    for _, queue in ipairs({ { list, 'list' }, { set, 'zset' } }) do
      if call('EXISTS', queue[1]) == 1 then
        call('RPUSH', SWEEPS, 'cancel ' .. id .. ' ' .. queue[1] .. ' ' .. queue[2])
        more = true
      end
    end
    call('ZREM', P .. 'chores', chore)
    return 0
  end
  local first = releases.of(id)[1]
  if first and first ~= list and first ~= set then
    call('ZADD', P .. 'chores', text_of(now + 1000), chore) -- an older one comes first
    return 0
  end
  local is_active, waiting = e.state == 'active', call('LLEN', P .. 'pending:' .. id)
  local most, push = limit, nil
  if is_active then
    most, push = room_for(id, waiting, list, set)
  end
  local found, of_list, of_set = oldest_released(list, set, most)
  if of_list > 0 then
    call('LTRIM', list, of_list, -1)
  end
  if #of_set > 0 then
    call('ZREM', set, unpack(of_set))
  end
  for i = 1, #found do
    if is_active then
      bring_back(push, id, found[push == 'LPUSH' and #found + 1 - i or i])
    else
      park_again(id, found[i])
    end
  end
  if call('EXISTS', list, set) == 0 then
    call('ZREM', P .. 'chores', chore)
    local left = releases.of(id)
    releases.name(id, left)
    local next_one = string.match(left[1] or '', 'sweep:([^:]+):')
    if next_one and call('ZADD', P .. 'chores', 'XX', 'CH', text_of(now), 'release ' .. id .. ' ' .. next_one) == 1 then
      more = true
    end
  else
    -- The sooner the list is empty, the sooner comes the next step.
    local wait = is_active and 5 + 45 * math.min(1, waiting / RELEASED_UP_TO) or 0
    call('ZADD', P .. 'chores', text_of(math.floor(now + wait)), chore)
  end
  return #found
end
