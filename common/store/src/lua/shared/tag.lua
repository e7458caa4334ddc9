-- tag.lua: the tag of an endpoint, over its configuration and its state, but not over what attempts count.
--
-- It is computed and never kept, so that it changes whoever makes a change, be it a program of the previous release.
-- The times make each state another one: an endpoint that is as it was before has a new tag all the same.
local COVERED = { 'url', 'events', 'chatbotId', 'description', 'rateLimit', 'autoResume', 'state', 'disabledReason', 'disabledAt',
  'enabledAt', 'version', 'updatedAt', 'operatorHold', 'accountHold', 'wantedRate' }

-- The tag of an endpoint with these fields (names and values in turn).
local function tag_of(id, fields)
  local known, parts = {}, { id }
  for i = 1, #fields, 2 do
    known[fields[i]] = fields[i + 1]
  end
  for _, name in ipairs(COVERED) do
    local value = known[name] or ''
    parts[#parts + 1] = #value .. ':' .. value
  end
  return string.sub(redis.sha1hex(table.concat(parts, ',')), 1, 20)
end

-- Whether an endpoint has one of these tags (with commas between them); any will do for `*`.
local function has_tag(id, wanted)
  return wanted == '*'
    or string.find(',' .. wanted .. ',', ',' .. tag_of(id, call('HGETALL', P .. 'endpoint:' .. id)) .. ',', 1, true) ~= nil
end
