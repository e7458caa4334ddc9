-- routes.lua: which endpoints of an account want an event.

-- Endpoints with filters have other letters: accepting an event for one of them asks what the API found.
local WITH_FILTERS, LETTERS = { A = 'F', D = 'G', O = 'O' }, { F = 'A', G = 'D' }

-- What `accept` needs of an endpoint, in one field of `account:<a>:endpoints`: `<A|D|O|F|G>|,<types>,|<chatbots>`. `A`, `F`: it is served;
-- `D`, `G`: what comes is parked; `O`: nothing comes.
local function set_route(id)
  local v = call('HMGET', P .. 'endpoint:' .. id, 'account', 'state', 'events', 'chatbotId', 'filters')
  local letter = v[2] == 'active' and 'A' or v[2] == 'off' and 'O' or 'D'
  if v[5] then
    letter = WITH_FILTERS[letter]
  end
  -- If the routes can't be read the account's events are refused, and nothing else stops.
  try('HSET', P .. 'account:' .. v[1] .. ':endpoints', id, letter .. '|,' .. v[3] .. ',|' .. (v[4] or ''))
end

-- Whether a route's chatbots include one: all, one, or several with a line feed around each.
local function wants_chatbot(only, chatbot)
  return only == '' or only == chatbot
    or string.byte(only) == 10 and not string.find(chatbot, '\n', 1, true) and string.find(only, '\n' .. chatbot .. '\n', 1, true) ~= nil
end

-- Whether a route leads an event of this type and chatbot to its endpoint, and the letter of the endpoint's state.
local function matches(route, kind, chatbot, star)
  local letter, kinds, only = string.match(route, '^(%u)|([^|]*)|(.*)$')
  local is_wanted = letter ~= 'O' and (only == '' or wants_chatbot(only, chatbot))
    and (string.find(kinds, ',' .. kind .. ',', 1, true) or star and string.find(kinds, ',*,', 1, true))
  return is_wanted, letter
end
