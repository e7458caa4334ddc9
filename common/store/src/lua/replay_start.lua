-- replay_start: begins to send again what an endpoint's deliveries of a time span came to; upkeep does it, step by step.
--
-- ARGV: endpoint id, account, job (fresh), status ('exhausted' or 'succeeded'), since (ms), until (ms), bytes the account may
--       have unfinished.
-- Returns {'started', job (see `replay_view`)}, {'running', id of the one that runs}, or {} when the account has no such
-- endpoint.
-- Guarantees: the same job again changes nothing; an endpoint has one at a time. Not `allow-oom`.
local id, account, job = ARGV[1], ARGV[2], ARGV[3]
local key, state = P .. 'endpoint:' .. id, P .. 'replay:' .. job
local v = call('HMGET', key, 'account', 'replay')
if v[1] ~= account then
  return {}
end
if v[2] ~= job then
  if v[2] and call('ZSCORE', REPLAYS, v[2]) then
    return { 'running', v[2] }
  end
  local now = read_clock()
  call('HSET', state, 'endpoint', id, 'account', account, 'state', 'running', 'status', ARGV[4], 'since', ARGV[5], 'until',
    ARGV[6], 'position', ARGV[5], 'budget', ARGV[7], 'made', 0, 'skipped', 0, 'succeeded', 0, 'exhausted', 0, 'canceled', 0,
    'createdAt', now)
  call('HSET', key, 'replay', job)
  call('ZADD', REPLAYS, now, job)
end
return { 'started', replay_view(id, job) }
