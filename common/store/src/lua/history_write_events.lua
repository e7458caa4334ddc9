-- history_write_events: puts a block in the place of finished events.
--
-- ARGV[BLOCK]: its fresh id; each entry: one of the list, from its head on, and whether the block has its event.
-- Returns 'written', 'changed' if something that was read is no longer so, or 'older' if the store has no blocks.
-- Guarantees: one step: the block is there and the events are gone, or nothing changed. The same block again changes nothing.
local account, class, block = ARGV[ACCOUNT], ARGV[CLASS], ARGV[BLOCK]
local list = P .. 'account:' .. account .. ':' .. class
if call('EXISTS', P .. 'block:' .. block) == 1 then
  return 'written'
elseif SCHEMA ~= '3' then
  return 'older'
end
local there = call('LRANGE', list, 0, #each_entry - 1)
local gone, charged = {}, 0
for i, entry in ipairs(each_entry) do
  local text = ARGV[entry + TEXT]
  if there[i] ~= text then
    return 'changed'
  end
  if ARGV[entry + IS_PACKED] == '1' then
    local id, again = string.match(text, '^%d+ (%w+) ?(%d*)$')
    local key = P .. 'event:evt_' .. (id or '')
    local v = call('HMGET', key, 'account', 'refs', 'again', 'charge')
    if v[1] ~= account or v[2] ~= '0' or (v[3] or '') ~= again then
      return 'changed'
    end
    gone[#gone + 1], charged = key, charged + whole(v[4])
  end
end
if #gone > 0 then
  add_block(class, account, account, block, ARGV[CONTENT], ARGV[DESCRIPTOR], ARGV[NEWEST])
  -- As many keys as a call of Lua takes for certain.
  for from = 1, #gone, 1000 do
    call('UNLINK', unpack(gone, from, math.min(from + 999, #gone)))
  end
end
call('LTRIM', list, #each_entry, -1)
note_head(account, class, charged)
call('ZREM', P .. 'packing', class .. ':' .. account)
count('blocksWritten')
flush()
return 'written'
