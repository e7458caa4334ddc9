-- event_erase: takes an event's payload away, and cancels those of its deliveries that the caller has found.
--
-- ARGV[KIND], ARGV[DELIVERIES] and ARGV[ACCEPTED_AT]: what a block has of it; empty if it is in none. each spot: a delivery that waits or
-- is in flight: the queue where it was found, and its text there. 16 at most: each may take a look through a long list.
-- Returns {'erased', how many of its deliveries are unfinished still}, or {} if nothing is kept of such an event of the account.
-- Guarantees: one step for each delivery: it has left its place, and its line in the log says so. The same again changes nothing. What is
-- in flight loses its lease, so the report of its attempt is stale when it comes: nothing is kept of it, and nothing follows.
--
-- What stays of the event has no payload: so nobody sends it again, makes it anew of a block, or accepts it once more, and what was not
-- found is canceled when its turn comes.
local refusal = upgrade_pending(4)
if refusal then
  return refusal
elseif terms.of(ARGV[ACCOUNT]).is_erasing then
  return {} -- it goes with its account
end

local event, account = ARGV[EVENT], ARGV[ACCOUNT]
local key, now = P .. 'event:' .. event, text_of(read_clock())
local v = call('HMGET', key, 'account', 'erased', 'refs', 'failed', 'charge')
if v[1] and v[1] ~= account or not v[1] and ARGV[DELIVERIES] == '' then
  return {}
elseif not v[1] then
  call('HSET', key, 'account', account, 'event', ARGV[KIND], 'refs', '0', 'deliveries', ARGV[DELIVERIES], 'acceptedAt',
    ARGV[ACCEPTED_AT], 'erased', now)
  rest_erased(key)
elseif not v[2] then
  call('HDEL', key, 'body', 'trace')
  call('HSET', key, 'erased', now)
end
if v[1] and v[3] == '0' and call('PTTL', key) == -1 then
  -- It has finished: it is no longer among what is let go of, or packed.
  unfinish(key, account, v[4], whole(v[5]))
  rest_erased(key)
end

for _, spot in ipairs(each_spot) do
  local queue, text = ARGV[spot + QUEUE], ARGV[spot + TEXT]
  local delivery = parse_entry(text)
  local is_taken, size
  if delivery and event_of(delivery) == event then
    is_taken, size = take(queue, text, delivery)
  end
  if is_taken then
    local e = endpoint_for(delivery)
    cancel(e, delivery, size or size_of(delivery), 'erased')
    if e then
      leave(e, queue)
    end
  end
end
shares.settle_freed()
if #each_spot > 0 then
  wake()
end
flush()
tally.write()
return { 'erased', whole(call('HGET', key, 'refs')) }
