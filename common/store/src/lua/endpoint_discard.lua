-- endpoint_discard: an operator cancels all that waits for an endpoint: for its turn, for a retry, in quarantine, or parked.
--
-- ARGV[OPERATION] is a fresh id. ARGV[ORDER]: see audit.lua.
-- Returns {'discarded', how many}, or {} when the account has no such endpoint.
-- Guarantees: one step, whatever waits; upkeep does the rest. What is in flight finishes its attempt. The same operation again cancels
-- nothing more, and answers the same.
local id, operation = ARGV[ENDPOINT], ARGV[OPERATION]
local done = P .. 'changed:' .. operation
if not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local before = call('GET', done)
if before then
  return { 'discarded', whole(before) }
end
local e = endpoint(id)
local discarded = discard(id, operation)
call('SET', done, text_of(discarded), 'PX', 60000)
if discarded > 0 then
  write_log(id, { 'outcome', 'canceled', 'count', text_of(discarded) })
  if e.state ~= 'active' then
    set(e, 'inOrder', '')
  end
  settle(e)
  set_timer(e)
  wake()
end
note_order(ARGV[ORDER], 'discard', id, e.account, text_of(discarded) .. ' deliveries')
flush()
return { 'discarded', discarded }
