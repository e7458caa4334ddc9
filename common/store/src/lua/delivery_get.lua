-- delivery_get: one delivery: where it is, its payload, and its attempts as far as its record points to them. Reads only.
--
-- ARGV: endpoint id, account, delivery.
-- Returns {state of the endpoint, its record (see `record_view`), event's type or '', payload or '', 1 if it waits for its
-- turn, {log entry id, its fields}…}, or {} when the account has no such endpoint. A delivery without a record may be in the
-- log alone.
local id, delivery = ARGV[1], ARGV[3]
local v = call('HMGET', P .. 'endpoint:' .. id, 'account', 'state')
if v[1] ~= ARGV[2] then
  return {}
end
local event = call('HMGET', P .. 'event:' .. event_of(delivery), 'account', 'event', 'body')
if event[1] ~= v[1] then
  event = {}
end
local key, waits = P .. 'pending:' .. id, 0
if call('LPOS', key, delivery, 'MAXLEN', 10000) or call('LPOS', key, delivery, 'RANK', -1, 'MAXLEN', 10000) then
  waits = 1
end
local record = record_view(delivery)
local answer = { v[2], record, event[2] or '', event[3] or '', waits }
for entry in string.gmatch(record[6] or '', '%S+') do
  answer[#answer + 1] = call('XRANGE', P .. 'log:' .. id, entry, entry)[1]
end
return answer
