-- log_page: a piece of an endpoint's log, newest first, with what is known of each delivery now. Reads only.
--
-- ARGV: endpoint id, account, newest entry to read ('+' for the newest of all, '(<id>' for what is older), how many.
-- Returns {state of the endpoint, {entry id, its fields, its record (see `record_view`)}…}, or {} when the account has no
-- such endpoint.
local id, log = ARGV[1], P .. 'log:' .. ARGV[1]
local v = call('HMGET', P .. 'endpoint:' .. id, 'account', 'state')
if v[1] ~= ARGV[2] then
  return {}
end
local answer = { v[2] }
for _, logged in ipairs(call('XREVRANGE', log, ARGV[3], '-', 'COUNT', ARGV[4])) do
  local delivery
  for i = 1, #logged[2], 2 do
    if logged[2][i] == 'delivery' then
      delivery = logged[2][i + 1]
      break
    end
  end
  answer[#answer + 1] = { logged[1], logged[2], delivery and record_view(delivery) or {} }
end
return answer
