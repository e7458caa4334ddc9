-- deliveries_cancel: an operator cancels unfinished deliveries that the caller has found.
--
-- ARGV[TARGET]: what was named, for the audit; ARGV[ORDER]: see audit.lua. each spot: a delivery of the account that waits or is in flight: the
-- queue where it was found, and its text there. 16 at most: each may take a look through a long list.
-- Returns how many were canceled.
-- Guarantees: one step for each delivery: it has left its place, and the log of its endpoint counts it. The same again changes nothing. What is
-- in flight loses its lease, so the report of its attempt is stale when it comes: nothing is kept of it, and nothing follows.
local account, canceled, by_endpoint = ARGV[ACCOUNT], 0, {}
-- For so long a replay finds what was canceled, whoever does it. A day where no worker has said anything yet.
local kept = whole(call('HGET', P .. 'policy', 'retentionSucceeded'))
RETENTION_SUCCEEDED = text_of(kept > 0 and math.max(60000, kept) or 86400000)
for _, spot in ipairs(each_spot) do
  local queue, text = ARGV[spot + QUEUE], ARGV[spot + TEXT]
  local delivery = parse_entry(text)
  local e = delivery and endpoint_for(delivery)
  local is_taken, size
  if e and e.account == account then
    is_taken, size = take(queue, text, delivery)
  end
  if is_taken then
    cancel(e, delivery, size or size_of(delivery))
    leave(e, queue)
    canceled, by_endpoint[e.id] = canceled + 1, (by_endpoint[e.id] or 0) + 1
  end
end
for id, number in pairs(by_endpoint) do
  write_log(id, { 'outcome', 'canceled', 'count', text_of(number) })
end
shares.settle_freed()
if canceled > 0 then
  wake()
  note_order(ARGV[ORDER], 'cancel', ARGV[TARGET], account, text_of(canceled) .. ' deliveries')
end
flush()
tally.write()
return canceled
