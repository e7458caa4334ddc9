-- replay_get: how far a replay of many is; and cancels it, if asked to.
--
-- ARGV: endpoint id, account, job, '1' to cancel it.
-- Returns the job (see `replay_view`), or {} when the endpoint has none with this id.
-- Guarantees: canceling it again changes nothing. What it made already goes on.
local id, account, job = ARGV[1], ARGV[2], ARGV[3]
local v = call('HMGET', P .. 'replay:' .. job, 'endpoint', 'account', 'state')
if v[1] ~= id or v[2] ~= account then
  return {}
end
if ARGV[4] == '1' and v[3] == 'running' then
  end_replay(job, 'canceled')
end
return replay_view(id, job)
