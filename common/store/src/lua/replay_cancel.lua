-- replay_cancel: cancels a replay of many, unless it has ended.
--
-- Returns the replay as it is then (see `replay_view`), or {} when the endpoint has none with this id.
-- Guarantees: canceling it again changes nothing. What it made already goes on.
local replay = ARGV[REPLAY]
local state = owned_replay(ARGV[ENDPOINT], ARGV[ACCOUNT], replay)
if not state then
  return {}
elseif state == 'running' then
  end_replay(replay, 'canceled')
end
return replay_view(ARGV[ENDPOINT], replay)
