-- log_page: a piece of an endpoint's log, newest first, with what is known of each delivery now. Reads only.
--
-- ARGV[NEWEST] is where it begins: '+' for the newest entry of all, '(<id>' for what is older.
-- Returns {the endpoint (see `standing_of`), {{{entry id, its fields}, record of its delivery (see `record_view`) or {}}…}}, or {} when the
-- account has no such endpoint.
local id = ARGV[ENDPOINT]
local owned = owned_endpoint(id, ARGV[ACCOUNT], 'state', 'heldUntil')
if not owned then
  return {}
end
local logged = {}
for i, entry in ipairs(call('XREVRANGE', P .. 'log:' .. id, ARGV[NEWEST], '-', 'COUNT', ARGV[MOST])) do
  local delivery = attempt_in(entry[2])
  logged[i] = { entry, delivery and record_view(delivery) or {} }
end
return { standing_of(owned), logged }
