-- log_heads: pieces of several endpoints' logs, newest first. Reads only.
--
-- For each endpoint: where its piece begins ('+' for the newest entry of all, '<id>', or '(<id>' for what is older), and how many entries
-- are wanted.
-- Returns {the time (ms), {{the endpoint (see `standing_of`), {{entry id, its fields}…}} or {} if the account has no such endpoint…}}.
-- Whatever is logged after this call is of that time or later.
-- Guarantees: bounded by the number of endpoints (100 at most) and of entries.
local pieces, newest_of_call = {}, text_of(look_at_clock())
for i, wanted in ipairs(each_wanted) do
  local id = ARGV[wanted + ENDPOINT]
  local owned = owned_endpoint(id, ARGV[ACCOUNT], 'state', 'heldUntil')
  pieces[i] = owned and { standing_of(owned),
    call('XREVRANGE', P .. 'log:' .. id, ARGV[wanted + NEWEST], '-', 'COUNT', ARGV[wanted + MOST]) } or {}
end
return { newest_of_call, pieces }
