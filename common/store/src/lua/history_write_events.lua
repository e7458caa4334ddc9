-- history_write_events: puts a block in the place of finished events.
--
-- ARGV[BLOCK]: its fresh id; each event: those that go, which are charged ARGV[CHARGED]; ARGV[CONTENT] is empty if none of them has a
-- payload. ARGV[ENTRIES]: how many entries of the list they are, from its head on, with those that don't count; ARGV[FIRST] and ARGV[LAST]
-- of these. ARGV[AGAIN]: how often something of the account had been sent again when they were read, at ARGV[READ_AT] (ms).
-- Returns 'written', 'changed' if something that was read is no longer so, or 'older' if the store has no blocks.
-- Guarantees: one step: the block is there and the events are gone, or nothing changed. The same block again changes nothing.
-- A list changes at its ends only, and each entry is there once: so if the first and the last are in their places, all are. A
-- finished event changes only when it is sent again, which the account counts, or goes. That count is kept for an hour, so what was read
-- long ago is refused.
local account, class, block = ARGV[ACCOUNT], ARGV[CLASS], ARGV[BLOCK]
local list = P .. 'account:' .. account .. ':' .. class
if call('EXISTS', P .. 'block:' .. block) == 1 then
  return 'written'
elseif SCHEMA < 3 then
  return 'older'
end
local entries, LONG_AGO = tonumber(ARGV[ENTRIES]), 600000
if read_clock() - ARGV[READ_AT] > LONG_AGO then
  return 'changed'
elseif call('LINDEX', list, 0) ~= ARGV[FIRST] or call('LINDEX', list, entries - 1) ~= ARGV[LAST]
  or (call('GET', P .. 'account:' .. account .. ':again') or '') ~= ARGV[AGAIN] then
  return 'changed'
end
local keys = {}
for i, event in ipairs(each_event) do
  keys[i] = P .. 'event:' .. ARGV[event]
end
-- As many keys as a call of Lua takes for certain.
for from = 1, #keys, 1000 do
  local to = math.min(from + 999, #keys)
  if call('EXISTS', unpack(keys, from, to)) ~= to - from + 1 then
    return 'changed'
  end
end
if ARGV[CONTENT] ~= '' then
  add_block(class, account, account, block, ARGV[CONTENT], ARGV[DESCRIPTOR], ARGV[NEWEST])
end
for from = 1, #keys, 1000 do
  call('UNLINK', unpack(keys, from, math.min(from + 999, #keys)))
end
call('LTRIM', list, entries, -1)
note_head(account, class, tonumber(ARGV[CHARGED]))
call('ZREM', P .. 'packing', class .. ':' .. account)
count('blocksWritten')
flush()
return 'written'
