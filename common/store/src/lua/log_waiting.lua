-- log_waiting: deliveries that are not in the log yet, or have left it: those that wait for their turn or for a retry, that are
-- quarantined or in flight, or that were given up. Newest first; those that wait for a retry by its time, the latest first. Reads only.
--
-- ARGV[SOURCE]: 'pending', 'retry', 'quarantine', 'leases' or 'failed'. ARGV[AFTER]: the last one that was read, or ''.
-- Returns {the endpoint (see `standing_of`), {{delivery, its record (see `record_view`), its event's type or '', when it was given up (ms) or
-- '', its newest log entry if that is kept or {}}…}, 1 if the last one that was read is still there}, or {} when the account has no such
-- endpoint.
-- Guarantees: bounded. What arrives meanwhile is newer than what was read. If the last one that was read has left the
-- source, all behind it have as well; but in the first moments after an endpoint stops being active, while upkeep puts what is parked
-- there in order, one may be met twice or be missed.
local id, source, last, most = ARGV[ENDPOINT], ARGV[SOURCE], ARGV[AFTER], tonumber(ARGV[MOST])
local owned = owned_endpoint(id, ARGV[ACCOUNT], 'state', 'heldUntil')
if not owned then
  return {}
end
local found, is_there = {}, true
if source == 'pending' then
  local key, from = P .. 'pending:' .. id, -1
  if last ~= '' then
    local place = call('LPOS', key, last, 'RANK', -1, 'MAXLEN', 20000)
    is_there = place and true
    from = place and place - 1 or nil
  end
  if from and from ~= -1 or last == '' then
    local length = call('LLEN', key)
    local stop = from == -1 and length - 1 or from
    local entries = call('LRANGE', key, math.max(0, stop - most + 1), stop)
    for i = #entries, 1, -1 do
      found[#found + 1] = entries[i]
    end
  end
elseif source == 'leases' or source == 'quarantine' then
  for _, delivery in ipairs(call('ZREVRANGE', P .. source, 0, 1999)) do
    if endpoint_of(delivery) == id and #found < most then
      found[#found + 1] = delivery
    end
  end
else
  local key, from = P .. source .. ':' .. id, 0
  if last ~= '' then
    local rank = call('ZREVRANK', key, last)
    is_there = rank and true
    from = rank and rank + 1 or call('ZCARD', key)
  end
  found = call('ZREVRANGE', key, from, from + most - 1)
end
local waiting = {}
for _, text in ipairs(found) do
  local delivery = parse_entry(text)
  if delivery then
    local kind = call('HGET', P .. 'event:' .. event_of(delivery), 'event')
    local record, logged = record_view(delivery)
    local newest = string.match(logged, '%S+$')
    waiting[#waiting + 1] = { text, record, kind or '',
      source == 'failed' and call('ZSCORE', P .. 'failed:' .. id, delivery) or '',
      newest and call('XRANGE', P .. 'log:' .. id, newest, newest)[1] or {} }
  end
end
return { standing_of(owned), waiting, is_there and 1 or 0 }
