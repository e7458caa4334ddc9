-- history_write_log: puts a block in the place of the oldest entries of an endpoint's log.
--
-- ARGV[BLOCK]: its fresh id; ARGV[FIRST] and ARGV[LAST]: its entries, by their ids; ARGV[BEHIND]: the id behind the last.
-- Returns 'written', 'changed' if the log no longer begins as it was read, or 'older' if the store has no blocks.
-- Guarantees: one step: the block is there and the entries are gone, or nothing changed. The same block again changes nothing.
-- Entries never change, and leave a log from its head only; so if the first and the last are there, all between them are.
local id, account, block = ARGV[ENDPOINT], ARGV[ACCOUNT], ARGV[BLOCK]
local key = P .. 'log:' .. id
if call('EXISTS', P .. 'block:' .. block) == 1 then
  return 'written'
elseif SCHEMA < 3 then
  return 'older'
end
local owned = owned_endpoint(id, account, 'logGone')
local first = owned and call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
if not first or first[1] ~= ARGV[FIRST] or not call('XRANGE', key, ARGV[LAST], ARGV[LAST])[1] then
  return 'changed'
end

-- How many entries have left the log so far.
local function number_gone()
  local info, facts = call('XINFO', 'STREAM', key), {}
  for i = 1, #info, 2 do
    facts[info[i]] = info[i + 1]
  end
  return facts['entries-added'] - facts.length
end

local written = {}
if number_gone() > whole(owned.logGone) then
  -- The log has dropped some by itself, so the past isn't whole before its first entry.
  written = { 'completeSince', text_of(tonumber(string.match(ARGV[FIRST], '^%d+')) - 1) }
end
add_block('log', id, account, block, ARGV[CONTENT], ARGV[DESCRIPTOR], string.match(ARGV[LAST], '^%d+'))
call('XTRIM', key, 'MINID', ARGV[BEHIND])
written[#written + 1], written[#written + 2] = 'logGone', text_of(number_gone())
call('HSET', P .. 'endpoint:' .. id, unpack(written))
call('ZADD', P .. 'packing', text_of(read_clock()), 'log:' .. id)
count('blocksWritten')
flush()
return 'written'
