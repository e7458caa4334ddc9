-- history_read_events: the head of an account's list of finished events. Reads only.
--
-- ARGV[MOST]: how many entries; ARGV[AGE]: for how long (ms) they must have been finished.
-- Returns {the time (ms), how often something of the account was sent again, entries}.
local now, read = look_at_clock(), {}
local due = now - tonumber(ARGV[AGE])
local account = P .. 'account:' .. ARGV[ACCOUNT]
for i, text in ipairs(call('LRANGE', account .. ':' .. ARGV[CLASS], 0, ARGV[MOST] - 1)) do
  local at = tonumber(string.match(text, '^%d+'))
  if at and at * 1000 > due then
    break
  end
  read[i] = text
end
return { now, call('GET', account .. ':again') or '', read }
