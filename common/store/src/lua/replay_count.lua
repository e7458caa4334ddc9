-- replay_count: how many deliveries a replay of many would take, without their payloads being looked at. Reads only.
--
-- ARGV[STATUS]: 'exhausted', 'succeeded' or 'undelivered'. ARGV[EVENTS]: `,<type>,<type>,`, or '' for all. ARGV[POSITION]: ARGV[SINCE] (ms), or
-- where the last step ended. ARGV[MOST]: how many deliveries or log entries to look at.
-- Returns {how many, where the next step begins or '', the first position or ''}, or {} when the account has no such endpoint.
-- Guarantees: bounded. Finds what a replay finds; replays are left out, as there. Refused as pending where `replay_start` would be.
local id = ARGV[ENDPOINT]
local pending = (ARGV[STATUS] == 'undelivered' or ARGV[EVENTS] ~= '') and upgrade_pending(4)
if pending then
  return pending
elseif not owned_endpoint(id, ARGV[ACCOUNT]) then
  return {}
end
local job = { status = ARGV[STATUS], events = ARGV[EVENTS], since = ARGV[SINCE], ['until'] = ARGV[UNTIL], position = ARGV[POSITION] }
local sources, has_more = sources_after(job, id, tonumber(ARGV[MOST]))
local matching = 0
for _, source in ipairs(sources) do
  if source[2] and not is_replay(source[2]) then
    matching = matching + 1
  end
end
return { matching, has_more and sources[#sources][1] or '', sources[1] and sources[1][1] or '' }
