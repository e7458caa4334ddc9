-- event_trace: what became of an event's deliveries at these endpoints (100 at most), as far as is seen at once. Reads only.
--
-- ARGV[SINCE] is a time (ms) from which on the attempts of an event that isn't kept may have been logged.
-- Returns {{event type, how many deliveries it was accepted with, the beginning of its payload, when it was
-- erased (ms)} or {} if it isn't kept, {for each endpoint {the
-- endpoint (see `standing_of`), the delivery's record (see `record_view`), its newest log entry if that was found or {}} or {} if the
-- account has no such endpoint…}}. A delivery that waits for its first attempt, that succeeded long after its event came, or that is
-- not kept has neither a record nor an entry.
local kept = call('HMGET', P .. 'event:' .. ARGV[EVENT], 'account', 'event', 'deliveries', 'acceptedAt', 'body',
  'erased')
local event, since = {}, ARGV[SINCE]
if kept[1] == ARGV[ACCOUNT] then
  event = { kept[2] or '', kept[3] or '', string.match(string.sub(kept[5] or '', 1, 2048), '^(.-"timestamp":)') or '',
    kept[6] or '' }
  since = kept[4] or since
end

-- The entry of a delivery among the first that were logged since its event came: the newest of them, if it was canceled after attempts.
local function early_entry(id, delivery)
  local found
  for _, entry in ipairs(call('XRANGE', P .. 'log:' .. id, since, '+', 'COUNT', 20)) do
    if attempt_in(entry[2]) == delivery then
      found = entry
    end
  end
  return found
end

local found, stem = {}, 'dlv_' .. string.sub(ARGV[EVENT], 5) .. '_'
for i, endpoint in ipairs(each_endpoint) do
  local id = ARGV[endpoint]
  local owned = owned_endpoint(id, ARGV[ACCOUNT], 'state', 'heldUntil')
  if owned then
    local delivery = stem .. string.sub(id, 4)
    local record, logged = record_view(delivery)
    local newest = string.match(logged, '%S+$')
    local entry
    if newest then
      entry = call('XRANGE', P .. 'log:' .. id, newest, newest)[1]
    elseif record[1] == '' and record[#record] == 0 then
      entry = early_entry(id, delivery)
    end
    found[i] = { standing_of(owned), record, entry or {} }
  else
    found[i] = {}
  end
end
return { event, found }
