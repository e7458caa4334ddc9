-- replay_view.lua: a replay of many as the API reads it.

-- A replay of many as its owner sees it: its id, its fields, and the state of its endpoint.
local function replay_view(id, replay)
  return { replay, call('HGETALL', P .. 'replay:' .. replay), call('HGET', P .. 'endpoint:' .. id, 'state') or '' }
end

-- The state of a replay; nil when this endpoint of the account has none with this id.
local function owned_replay(id, account, replay)
  local of, owner, state = unpack(call('HMGET', P .. 'replay:' .. replay, 'endpoint', 'account', 'state'))
  return of == id and owner == account and (state or '') or nil
end

