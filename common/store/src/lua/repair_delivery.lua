-- repair_delivery: a delivery that has not ended, by its record, and waits nowhere comes back to its endpoint.
--
-- ARGV[ORDER]: see audit.lua.
-- Returns {'repaired', what was done}, {'changed'} if it isn't so any more, or {'left', why}.
-- Guarantees: it looks at one moment wherever the delivery may be. Nothing is counted anew: it never ended.
local delivery = ARGV[DELIVERY]
local id, event, record = endpoint_of(delivery), P .. 'event:' .. event_of(delivery), record_of(delivery)
local e = endpoint(id)
local state = call('HGET', record, 'state')
if not e or not state then
  return { 'changed' }
elseif terms.is_left_alone(e.account) then
  return { 'left', 'its account is being moved or erased' }
elseif state ~= 'retrying' and state ~= 'pending' and state ~= 'quarantined' then
  return { 'changed' }
elseif whole(call('HGET', event, 'refs')) == 0 or call('HEXISTS', event, 'body') == 0 then
  return { 'left', 'its payload is gone' }
end
local around = unfinished.around({ id })
if not around then
  return { 'left', 'too much waits to be looked through at one moment: run it again when less does' }
end
for _, other in ipairs(around) do
  if other == delivery then
    return { 'changed' }
  end
end
if call('HEXISTS', TOKENS, delivery) == 1 then
  return { 'left', 'a worker may have it' }
end
-- With the attempts that it has had, and in turn with the others.
local attempts, is_suspect = attempts_in(record)
call('RPUSH', P .. 'pending:' .. id, entry(delivery, attempts, is_suspect))
if e.state ~= 'active' then
  set(e, 'inOrder', '') -- it lies behind what upkeep has looked through
end
call('HSET', record, 'state', 'pending')
call('HDEL', record, 'nextAttemptAt')
settle(e)
set_timer(e)
note_order(ARGV[ORDER], 'repair', delivery, e.account, 'it waits for its turn again')
flush()
wake()
return { 'repaired', 'it waits for its turn again' }
