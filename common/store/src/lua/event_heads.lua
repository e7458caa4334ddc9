-- event_heads: the beginnings of events' payloads, as far as those are kept unpacked. Reads only.
--
-- Returns {the first bytes of each payload, or '' if it isn't kept or is another account's…}, as far as its `timestamp`: before that stand
-- the event's type and its chatbot.
local heads = {}
for i, event in ipairs(each_event) do
  local kept = call('HMGET', P .. 'event:' .. ARGV[event], 'account', 'body')
  heads[i] = kept[1] == ARGV[ACCOUNT] and string.match(string.sub(kept[2] or '', 1, 2048), '^(.-"timestamp":)') or ''
end
return heads
