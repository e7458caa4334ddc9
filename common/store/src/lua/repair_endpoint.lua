-- repair_endpoint: gives an endpoint the turn, the timer, the route or the entry that follow from the rest of it.
--
-- ARGV[ASPECT]: 'lane', 'turn', 'timer', 'parked', 'route' or 'failing'. ARGV[FAILURES]: from how many failures in a row on `failing` has it.
-- ARGV[ORDER]: see audit.lua.
-- Returns {'repaired', what was done}, {'changed'} if there is nothing to mend any more, or {'left', why}.
-- Guarantees: one step that looks again itself, with what the scripts go by that keep all this. What was right stays as it is.
local id, aspect = ARGV[ENDPOINT], ARGV[ASPECT]
local e = endpoint(id)
if not e then
  return { 'changed' }
elseif terms.is_left_alone(e.account) then
  return { 'left', 'its account is being moved or erased' }
end
local lane, other = READY, READY_SLOW
if e.slow then
  lane, other = READY_SLOW, READY
end
e.is_probed = call('HEXISTS', P .. 'endpoint:' .. id, 'probe') == 1
local before, said

-- Whether it waits until there is a place for its account, or at its destination.
local function waits_for_a_place()
  for _, name in ipairs(call('ZRANGE', P .. 'waiting', 0, -1)) do
    if call('ZSCORE', P .. 'waiting:' .. name, id) then
      return true
    end
  end
  return false
end

if aspect == 'lane' then
  local in_other, turn_here = call('ZSCORE', other, id), call('ZSCORE', lane, id)
  local waiting = call('LLEN', P .. 'pending:' .. id)
  if in_other then
    call('ZREM', other, id)
    said = 'it left the other lane'
  end
  if turn_here and (waiting == 0 or e.state ~= 'active' and not e.is_probed) then
    lanes.leave(lane, id)
    said = 'it left its lane'
  elseif not turn_here and e.state == 'active' and waiting > 0 and e.in_flight == 0 and not waits_for_a_place() and settle(e) then
    said = 'it has its turn'
  elseif not turn_here and e.state == 'active' and waiting > 0 and served_from(e) > read_clock() then
    before = call('ZSCORE', TIMERS, id)
    set_timer(e)
    said = said or before ~= call('ZSCORE', TIMERS, id) and 'it has its timer' or nil
  end
elseif aspect == 'turn' then
  -- None is ahead of its account's last turn, which isn't kept while it is the one after the last that is over.
  local last = tonumber(call('GET', P .. 'account:' .. e.account .. ':turn' .. (e.slow and ':slow' or ''))) or 0
  local its_turn = tonumber(call('ZSCORE', lane, id)) or 0
  if its_turn > math.max(last, last_turn() + 1) then
    call('ZREM', lane, id)
    said = settle(e) and 'it has another turn' or 'it left its lane'
  end
elseif aspect == 'timer' then
  before = call('ZSCORE', TIMERS, id)
  set_timer(e)
  said = before ~= call('ZSCORE', TIMERS, id) and 'its timer is right' or nil
elseif aspect == 'parked' then
  if e.state ~= 'active' and call('ZADD', PARKED, 'NX', text_of(read_clock()), id) == 1 then
    said = 'upkeep knows it again'
  end
elseif aspect == 'route' then
  local routes = P .. 'account:' .. e.account .. ':endpoints'
  before = call('HGET', routes, id)
  set_route(id)
  said = before ~= call('HGET', routes, id) and 'its route is what it says itself' or nil
elseif aspect == 'failing' then
  if (e.state ~= 'active' or e.failures < tonumber(ARGV[FAILURES])) and call('ZREM', P .. 'failing', id) == 1 then
    said = 'the clock no longer looks at it'
  end
end
if not said then
  return { 'changed' }
end
note_order(ARGV[ORDER], 'repair', id, e.account, said)
flush()
wake()
return { 'repaired', said }
