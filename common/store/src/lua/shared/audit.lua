-- audit.lua: what operators do is written down in the same step, where others find it (`audit`).

-- The newest of a shard are kept, about so many.
local LONGEST_AUDIT = '10000'

-- Notes what an operator did. `order` is who orders it, and behind a line feed why: '' where no operator does, which isn't noted.
-- `target` is what it was done to, `result` what came of it. A note that can't be written keeps nobody from mending.
local function note_order(order, action, target, account, result)
  local by, why = string.match(order, '^([^\n]+)\n(.*)$')
  if not by then
    return
  end
  local fields = { 'by', by, 'why', why, 'action', action, 'target', target, 'account', account, 'result', result }
  local noted = try('XADD', P .. 'audit', 'MAXLEN', '~', LONGEST_AUDIT, text_of(read_clock()) .. '-*', unpack(fields))
  if type(noted) == 'table' then
    -- The newest entry is of a later time, which `stats` no longer knows of.
    try('XADD', P .. 'audit', 'MAXLEN', '~', LONGEST_AUDIT, '*', unpack(fields))
  end
end
