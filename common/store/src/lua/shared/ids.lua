-- ids.lua: what ids look like, and the entries of pending lists.

-- A number in the digits that ids are made of, with zeros in front.
local DIGITS = '0123456789abcdefghjkmnpqrstvwxyz'
local function base32(number, width)
  local text = ''
  for _ = 1, width do
    local digit = number % 32
    text, number = string.sub(DIGITS, digit + 1, digit + 1) .. text, (number - digit) / 32
  end
  return text
end

-- A delivery's id names its event and its endpoint: `dlv_<26>_<16>`. That of a replay goes on with `_<8>`.
local ID_LENGTH, REPLAY_ID_LENGTH = 47, 56
local function event_of(delivery)
  return 'evt_' .. string.sub(delivery, 5, 30)
end
local function endpoint_of(delivery)
  return 'ep_' .. string.sub(delivery, 32, ID_LENGTH)
end
local function is_replay(delivery)
  return #delivery > ID_LENGTH
end
-- The id of a replay: eight characters tell it from others of the same delivery.
local function replay_of(delivery, suffix)
  return string.sub(delivery, 1, ID_LENGTH) .. '_' .. suffix
end

-- An entry of a pending list is a delivery's id, and `:<attempts>` when attempts were made; `:0<attempts>` marks a suspect
-- (see quarantine.lua).
local function entry(delivery, attempts, is_suspect)
  if is_suspect then
    return delivery .. ':0' .. attempts
  elseif attempts > 0 then
    return delivery .. ':' .. attempts
  end
  return delivery
end
-- Returns the delivery, its attempts, and whether it is a suspect; nil for a text that is no entry.
local WHOLE_ID = '^dlv_[0-9a-hjkmnp-tv-z]+_[0-9a-hjkmnp-tv-z]+$'
local function parse_entry(text)
  if #text == ID_LENGTH and string.sub(text, 31, 31) == '_' and string.find(text, WHOLE_ID) then
    return text, 0 -- nearly all of them
  end
  local delivery, attempts = string.match(text, '^(dlv_[^:]+):?(%d*)$')
  local event, place, replay = string.match(delivery or '',
    '^dlv_([0-9a-hjkmnp-tv-z]+)_([0-9a-hjkmnp-tv-z]+)_?([0-9a-hjkmnp-tv-z]*)$')
  if not event or #event ~= 26 or #place ~= 16 or #attempts > 7 then
    return nil
  end
  if #delivery ~= ID_LENGTH and not (#delivery == REPLAY_ID_LENGTH and #replay == 8) then
    return nil
  end
  return delivery, tonumber(attempts) or 0, string.sub(attempts, 1, 1) == '0'
end

-- A stored count; 0 for what is none.
local function whole(value)
  return type(value) == 'string' and #value <= 15 and tonumber(string.match(value, '^%d+$')) or 0
end

