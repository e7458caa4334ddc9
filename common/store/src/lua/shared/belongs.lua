-- belongs.lua: which keys are an account's. Those that one of its endpoints has are up to whoever asks.

-- Whether a key is the account's; its name without the prefix. `kept`: what stands behind `account:<a>:` and doesn't count. What isn't known
-- by its name, or by what it says itself, `is_its(kind, rest, is_away)` decides; `is_away`: it was moved away, as corrupt.
local function belongs(name, account, kept, is_its, is_away)
  local kind, rest = string.match(name, '^(%l+):(.*)$')
  if kind == 'corrupt' then
    return belongs(rest, account, kept, is_its, true)
  elseif kind == 'account' then
    local field = string.sub(rest, 1, #account + 1) == account .. ':' and string.sub(rest, #account + 2)
    return field and not kept[field]
  elseif kind == 'idempotency' or kind == 'creation' then
    return string.sub(rest, 1, #account + 1) == account .. ':'
  elseif kind == 'portal' then
    local _, _, _, owner = read_session(try('GET', P .. name))
    return owner == account
  elseif kind == 'event' then
    local owner = try('HGET', P .. name, 'account')
    return owner == account
  end
  return kind and is_its(kind, rest, is_away)
end

-- A cursor of `SCAN` is good for one process of the server: after a restart, or elsewhere, a walk through all keys begins anew.
local function server_of_cursor()
  return string.match(call('INFO', 'server'), 'run_id:(%x+)') or ''
end
