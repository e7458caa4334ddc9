-- replay_cancel: cancels a replay of many, unless it has ended.
--
-- ARGV[ORDER]: see audit.lua.
-- Returns the replay as it is then (see `replay_view`), or {} when the endpoint has none with this id.
-- Guarantees: canceling it again changes nothing. What it made already goes on.
local replay = ARGV[REPLAY]
local state = owned_replay(ARGV[ENDPOINT], ARGV[ACCOUNT], replay)
if not state then
  return {}
elseif state == 'running' then
  end_replay(replay, 'canceled')
  note_order(ARGV[ORDER], 'cancel', replay, ARGV[ACCOUNT], text_of(whole(call('HGET', P .. 'replay:' .. replay, 'made'))) .. ' were made')
end
return replay_view(ARGV[ENDPOINT], replay)
