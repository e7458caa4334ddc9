-- types.lua: which event types can be subscribed to, by what the API that started last has announced.

-- The names in a list with commas.
local function split(names)
  local list = {}
  for name in string.gmatch(names, '[^,]+') do
    list[#list + 1] = name
  end
  return list
end

-- The first of some event types (a list with commas) that can't be subscribed to now: it is about to go, or has gone. Before any API
-- has announced its types, only the first is known.
local function unavailable_type(names)
  local types, leaving = P .. 'event_types', P .. 'event_types:leaving'
  local are_known = names ~= '' and call('EXISTS', types) == 1
  for _, name in ipairs(split(names)) do
    if call('HEXISTS', leaving, name) == 1 or are_known and call('HEXISTS', types, name) == 0 then
      return name
    end
  end
end
