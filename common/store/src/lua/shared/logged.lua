-- logged.lua: reads an endpoint's log. From schema 2 on an attempt's entry has one field `attempt`,
-- `<delivery> <event type> <attempt> <outcome> <ms> <status> <timing>`, with `-` for what is absent; before, it had a field for each.

-- What a log entry says of an attempt: its delivery, its outcome, whether it was a test event, and its event's type. Returns nil for an
-- entry about something else.
local function attempt_in(fields)
  local entry = {}
  for i = 1, #fields, 2 do
    entry[fields[i]] = fields[i + 1]
  end
  if entry.delivery then
    return entry.delivery, entry.outcome, entry.test, entry.event
  end
  local delivery, kind, outcome = string.match(entry.attempt or '', '^(%S+) (%S+) %S+ (%S+)')
  return delivery, outcome, nil, kind
end
