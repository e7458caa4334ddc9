-- event_types_keep: event types that were about to go stay. Returns how many were marked.
-- Guarantees: whoever searches by these marks begins anew.
local kept = 0
for _, event_type in ipairs(each_event_type) do
  kept = kept + call('HDEL', P .. 'event_types:leaving', ARGV[event_type])
end
return kept
