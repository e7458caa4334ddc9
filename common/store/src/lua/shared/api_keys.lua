-- api_keys.lua: the keys of an account. Each has two fields in one hash: `<id>` with what it is, and `<id>:used` with when it was last
-- used (ms), which is written at most once a minute.
--
-- What a key is: `<hash of its text> <when it expires (ms), 0: never> <scopes> <when it was made (ms)> <who made it>\n<its name>`. None of
-- those in front of a space has one, and none has a line feed.
local function keys_of(account)
  return P .. 'account:' .. account .. ':keys'
end
local function read_key(kept)
  local hash, expires, scopes = string.match(kept or '', '^(%x+) (%d+) (%S*) ')
  return hash, tonumber(expires) or 0, scopes
end
