-- account_move_walk: which of the next keys are those of an account that moves. Reads only.
--
-- ARGV[CURSOR] is of the server ARGV[SERVER]; '0' begins.
-- Returns {where the walk goes on: '0' after all keys, the server, {names without the prefix}}.
-- What an endpoint left that was removed long before, whose event has gone as well, is nobody's: it goes at its own age.
local account = ARGV[ACCOUNT]
local KEPT = { terms = true, move = true, turn = true, ['turn:slow'] = true }
local OF_ENDPOINT = { log = true, pending = true, retry = true, failed = true, canceled = true, replays = true, endpoint = true }

local owners = {}
local function owner_of(id)
  if owners[id] == nil then
    local owner = try('HGET', P .. 'endpoint:' .. id, 'account')
    owners[id] = type(owner) == 'string' and owner
  end
  return owners[id]
end

local function is_its(kind, rest)
  if kind == 'blocks' then
    local class, owner = string.match(rest, '^(%l+):(.*)$')
    return (class == 'log' and owner_of(owner) or owner) == account
  elseif kind == 'delivery' then
    local owner = owner_of(endpoint_of(rest)) or try('HGET', P .. 'event:' .. event_of(rest), 'account')
    return owner == account
  elseif kind == 'replay' then
    local owner = try('HGET', P .. 'replay:' .. rest, 'account')
    return owner == account
  end
  return OF_ENDPOINT[kind] and owner_of(rest) == account
end

local server = server_of_cursor()
local from = ARGV[SERVER] == server and ARGV[CURSOR] or '0'
local found, names = call('SCAN', from, 'MATCH', P .. '*', 'COUNT', ARGV[KEYS_LOOKED_AT]), {}
for _, key in ipairs(found[2]) do
  local name = string.sub(key, #P + 1)
  if belongs(name, account, KEPT, is_its) then
    names[#names + 1] = name
  end
end
return { found[1], server, names }
