-- portal_sessions.lua: the portal sessions of an account. Each is a key that Redis lets go of in time, `portal:<id>`: `<hash of its token>
-- <when it expires (ms)> <read|write> <account>`. `account:<a>:portal` has those that are good, each with when it expires: what isn't in
-- there is good for nothing, whatever else is left of it.
local function sessions_of(account)
  return P .. 'account:' .. account .. ':portal'
end
local function session_key(id)
  return P .. 'portal:' .. id
end
local function read_session(kept)
  local hash, expires, access, account = string.match(kept or '', '^(%x+) (%d+) (%l+) (%S+)$')
  return hash, tonumber(expires), access, account
end
