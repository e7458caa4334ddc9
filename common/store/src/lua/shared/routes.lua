-- routes.lua: which endpoints of an account want an event.

-- What `accept` needs of an endpoint, in one field of `account:<a>:endpoints`: `<A|D|O>|,<types>,|<chatbot>`. `A`: it is served; `D`:
-- what comes is parked; `O`: nothing comes.
local function set_route(id)
  local v = call('HMGET', P .. 'endpoint:' .. id, 'account', 'state', 'events', 'chatbotId')
  local letter = v[2] == 'active' and 'A' or v[2] == 'off' and 'O' or 'D'
  -- If the routes can't be read the account's events are refused, and nothing else stops.
  try('HSET', P .. 'account:' .. v[1] .. ':endpoints', id, letter .. '|,' .. v[3] .. ',|' .. (v[4] or ''))
end

-- Whether a route leads an event of this type and chatbot to its endpoint, and the letter of the endpoint's state.
local function matches(route, kind, chatbot, star)
  local letter, kinds, only = string.match(route, '^(%u)|([^|]*)|(.*)$')
  local is_wanted = letter ~= 'O' and (only == '' or only == chatbot)
    and (string.find(kinds, ',' .. kind .. ',', 1, true) or star and string.find(kinds, ',*,', 1, true))
  return is_wanted, letter
end

