-- Requests that are sent again: which idempotency keys are the same, in what two requests differ, which events are known ----

-- A key's hash is followed by the hash of its quoted spelling (`"k1"` for `k1`), and by `q` if the caller spelled it so. Before
-- schema 3 programs may run that take them for two keys: so a key is entered as it was spelled, and looked for as both.
local function spellings_of(account, key)
  local start = P .. 'idempotency:' .. account .. ':'
  local plain, quoted = start .. string.sub(key, 1, 64), start .. string.sub(key, 65, 128)
  return plain, quoted, string.sub(key, 129) == 'q' and quoted or plain
end

-- What stands for a request: four characters for all of it, two for each of these parts, and what the previous release compares.
local PARTS, LENGTH = { 'event', 'chatbotId', 'timestamp', 'data' }, 12

-- What a key was used for: what stood for the request, the event, its deliveries, and the parts; nil if it wasn't.
local function use_of(name)
  local first = call('HMGET', name, 'fingerprint', 'event', 'deliveries', 'parts')
  return first[1] and first
end

local function is_same(first, fingerprint)
  return first[4] == string.sub(fingerprint, 1, LENGTH) or not first[4] and first[1] == string.sub(fingerprint, LENGTH + 1)
end

-- The parts in which a request differs from the first one, as far as that is known.
local function differences(first, fingerprint)
  local names = {}
  for i, name in ipairs(first[4] and PARTS or {}) do
    local place = 3 + 2 * i
    if string.sub(first[4], place, place + 1) ~= string.sub(fingerprint, place, place + 1) then
      names[#names + 1] = name
    end
  end
  return names
end

-- Enters a key in the form of before schema 3, and for what it was used.
local function enter(name, fingerprint, id, made)
  call('HSET', name, 'fingerprint', string.sub(fingerprint, LENGTH + 1), 'parts', string.sub(fingerprint, 1, LENGTH), 'event', id,
    'deliveries', made)
  call('PEXPIRE', name, ARGV[KEY_LIFETIME])
end

-- Whether an event of the call may be there already. Of several, all are asked for at once, and usually none is; one that stands in the call
-- twice is there once its first place was accepted.
local may_be_known = #each_event == 1
if not may_be_known then
  local keys, met = {}, {}
  for i, event in ipairs(each_event) do
    local key = P .. 'event:' .. ARGV[event + ID]
    may_be_known = may_be_known or met[key]
    keys[i], met[key] = key, true
  end
  may_be_known = may_be_known or call('EXISTS', unpack(keys)) > 0
end

-- How many deliveries an event was accepted with; nothing if it is new.
local function deliveries_if_known(id)
  return may_be_known and call('HGET', P .. 'event:' .. id, 'deliveries')
end
