-- delivery_get: one delivery: where it is, its payload, and its attempts as far as its record points to them. Reads only.
--
-- Returns {the endpoint (see `standing_of`), its record (see `record_view`), event's type or '', payload or '', when it was accepted (ms) or '', 1 if it waits for its
-- turn, {{log entry id, its fields}…}}, or {} when the account has no such endpoint. A delivery without a record may be in the
-- log alone.
local id, account, delivery = ARGV[ENDPOINT], ARGV[ACCOUNT], ARGV[DELIVERY]
local owned = owned_endpoint(id, account, 'state', 'heldUntil')
if not owned then
  return {}
end
local owner, kind, body, accepted_at = unpack(call('HMGET', P .. 'event:' .. event_of(delivery), 'account', 'event', 'body', 'acceptedAt'))
if owner ~= account then
  kind, body, accepted_at = nil, nil, nil
end
local key, waits = P .. 'pending:' .. id, 0
if call('LPOS', key, delivery, 'MAXLEN', 10000) or call('LPOS', key, delivery, 'RANK', -1, 'MAXLEN', 10000) then
  waits = 1
end
local record, logged = record_view(delivery)
local attempts = {}
for entry in string.gmatch(logged, '%S+') do
  attempts[#attempts + 1] = call('XRANGE', P .. 'log:' .. id, entry, entry)[1]
end
return { standing_of(owned), record, kind or '', body or '', accepted_at or '', waits, attempts }
