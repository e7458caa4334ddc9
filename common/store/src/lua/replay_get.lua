-- replay_get: how far a replay of many is. Reads only.
--
-- Returns the replay (see `replay_view`), or {} when the endpoint has none with this id.
if not owned_replay(ARGV[ENDPOINT], ARGV[ACCOUNT], ARGV[REPLAY]) then
  return {}
end
return replay_view(ARGV[ENDPOINT], ARGV[REPLAY])
