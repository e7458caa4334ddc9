-- pending.lua: forms that programs of an older release would take for something else wait until none is connected.

-- What a script answers that would write a form of this schema; nil once the store has it. It asks before it writes anything.
local function upgrade_pending(schema)
  if SCHEMA < schema then
    return redis.error_reply(string.format('UPGRADE_PENDING it needs schema %d, the store has %d', schema, SCHEMA))
  end
end
