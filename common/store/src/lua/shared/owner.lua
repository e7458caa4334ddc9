-- owner.lua: whose endpoint it is, and which secret.

-- These fields of an endpoint, by name; false for one that it doesn't have. Returns nil when the account has no such endpoint.
local function owned_endpoint(id, account, ...)
  local values = call('HMGET', P .. 'endpoint:' .. id, 'account', ...)
  if values[1] ~= account then
    return nil
  end
  local fields = {}
  for i, name in ipairs({ ... }) do
    fields[name] = values[i + 1]
  end
  return fields
end

-- Which of the endpoint's secrets a sealed one is: `v2.<key>.<number>.<sealed>`; those of the format before have no number.
local function number_of(sealed)
  return tonumber(string.match(sealed, '^v2%.%x+%.(%d+)%.')) or 0
end
