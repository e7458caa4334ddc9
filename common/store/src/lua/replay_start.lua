-- replay_start: begins a replay of many: of an endpoint's deliveries that ended in a time span. Upkeep makes the new ones, step by
-- step.
--
-- ARGV[REPLAY] is a fresh id. ARGV[STATUS]: 'exhausted', 'succeeded' or 'undelivered'. ARGV[EVENTS]: `,<type>,<type>,`, or '' for all.
-- ARGV[ORDER]: see audit.lua.
-- Returns {'started', replay (see `replay_view`)}, {'running', id of the one that runs}, or {} when the account has no such
-- endpoint.
-- Guarantees: the same replay again changes nothing; an endpoint has one at a time. Not `allow-oom`. Refused as pending where a worker of
-- before schema 4 might make the deliveries: it would not see what is left out.
local id, account, replay = ARGV[ENDPOINT], ARGV[ACCOUNT], ARGV[REPLAY]
local pending = (ARGV[STATUS] == 'undelivered' or ARGV[EVENTS] ~= '') and upgrade_pending(4)
if pending then
  return pending
end
local owned = owned_endpoint(id, account, 'replay')
if not owned then
  return {}
end
if owned.replay ~= replay then
  if owned.replay and call('ZSCORE', REPLAYS, owned.replay) then
    return { 'running', owned.replay }
  end
  local now = read_clock()
  call('HSET', P .. 'replay:' .. replay, 'endpoint', id, 'account', account, 'state', 'running', 'status', ARGV[STATUS], 'since',
    ARGV[SINCE], 'until', ARGV[UNTIL], 'position', ARGV[SINCE], 'budget', ARGV[ACCOUNT_BYTES], 'made', 0, 'skipped', 0,
    'succeeded', 0, 'exhausted', 0, 'canceled', 0, 'createdAt', now)
  if ARGV[EVENTS] ~= '' then
    call('HSET', P .. 'replay:' .. replay, 'events', ARGV[EVENTS])
  end
  call('HSET', P .. 'endpoint:' .. id, 'replay', replay)
  call('ZADD', REPLAYS, now, replay)
  note_order(ARGV[ORDER], 'replay', id, account, replay .. ' of what was ' .. ARGV[STATUS])
  wake() -- it wakes upkeep as well
end
return { 'started', replay_view(id, replay) }
