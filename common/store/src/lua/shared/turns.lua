-- turns.lua: when an endpoint may be served: its place in a lane, and among the timers.

-- The time before which nothing is sent to an endpoint: the end of its hold, its next turn by its rate, or the end of its rest.
local function served_from(e)
  return math.max(e.held_until, e.paced_until)
end

-- An endpoint with a rate is served in turns: what falls into 50 ms at a time, at least one delivery. `paced_until` is when the next
-- turn begins. One that comes a little late makes up for it, so that the rate is kept.
local TURN = 50

-- From when an endpoint's next turn counts.
local function turn_begins(e)
  local now = read_clock()
  return e.paced_until >= now - TURN and e.paced_until or now
end

-- How many deliveries an endpoint's turn has now.
local function paced(e)
  if not e.rate then
    return math.huge
  end
  return math.max(1, math.floor((TURN + read_clock() - turn_begins(e)) * e.rate / 1000))
end

-- Of an endpoint's turn so many were handed out.
local function pace(e, number)
  if e.rate and number > 0 then
    e.paced_until = turn_begins(e) + number * 1000 / e.rate
    set(e, 'pacedUntil', string.format('%.3f', e.paced_until))
  end
end

-- Sets when something of an active endpoint is due: the end of its hold; else its nearest retry, or its next turn if deliveries wait
-- for that.
local function set_timer(e)
  local now, due = read_clock(), nil
  if e.state == 'active' and e.held_until > now then
    due = e.held_until
  elseif e.state == 'active' then
    due = tonumber(call('ZRANGE', P .. 'retry:' .. e.id, 0, 0, 'WITHSCORES')[2])
    if e.paced_until > now and (not due or e.paced_until < due) and call('LLEN', P .. 'pending:' .. e.id) > 0 then
      due = e.paced_until
    end
  end
  if due then
    write_timer('ZADD', text_of(math.ceil(due)), e.id)
  else
    write_timer('ZREM', e.id)
  end
end

-- Forgets what an endpoint's receiver asked us to wait for, and ends its hold and its rest, if it has one. Its turns by a rate go on.
local function end_hold(e)
  local is_held, rests = e.held_until > 0, not e.rate and e.paced_until > 0
  if is_held then
    e.held_until, e.holds = 0, 0
    set(e, 'heldUntil', '')
    set(e, 'holds', '')
  end
  if rests then
    e.paced_until = 0
    set(e, 'pacedUntil', '')
  end
  if is_held or rests then
    set_timer(e)
  end
end

-- An endpoint enters a lane, where it keeps the turn that it may have, and leaves one; and whether one is known to be in there. `work`
-- keeps books instead (work/lanes.lua).
local lanes = {}
lanes.enter = function(lane, e)
  local its_turn = rounds.next(lane, e.account, rounds.look(lane, last_turn()))
  if call('ZADD', lane, 'NX', text_of(its_turn), e.id) == 0 then
    rounds.take_back(lane, e.account)
  end
end
lanes.leave = function(lane, id)
  call('ZREM', lane, id)
end
lanes.has = function()
  return false
end

-- Whether reports are awaited: an endpoint that hurries can't be served until one of its attempts ends.
local is_awaited = false

-- Whether milliseconds matter to an endpoint: not if it fails, or takes seconds.
local function hurries(e)
  return e.state == 'active' and e.failures == 0 and not e.slow
end

-- Puts an endpoint into its lane if it has something to send and may send it, else takes it out. A lane is sorted by
-- turn; an endpoint that is in it keeps its turn. Returns whether it is in there.
local function settle(e)
  local lane, other = READY, READY_SLOW
  if e.slow then
    lane, other = READY_SLOW, READY
  end
  if e.slow ~= e.was_slow then
    lanes.leave(other, e.id)
    e.was_slow = e.slow
  end
  local waits = e.state == 'active' and served_from(e) > read_clock()
  local is_full = e.is_crowded or e.in_flight >= cap_of(e)
  local may_send = e.state == 'active' and not waits and not is_full
  is_awaited = is_awaited or is_full and not waits and hurries(e)
  local has_turn = e.is_probed or may_send and (lanes.has(lane, e.id) or call('LLEN', P .. 'pending:' .. e.id) > 0)
  if has_turn then
    lanes.enter(lane, e)
  else
    lanes.leave(lane, e.id)
  end
  if waits then
    set_timer(e)
  end
  return has_turn
end
