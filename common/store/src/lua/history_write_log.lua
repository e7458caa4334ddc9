-- history_write_log: puts a block in the place of the oldest entries of an endpoint's log.
--
-- ARGV[BLOCK]: its fresh id; ARGV[FIRST] and ARGV[LAST]: its entries, by their ids; ARGV[BEHIND]: the id behind the last. ARGV[ERASED]: what
-- `logErased` was before they were read.
-- Returns 'written', 'changed' if the log no longer begins as it was read, or 'older' if the store has no blocks.
-- Guarantees: one step: the block is there and the entries are gone, or nothing changed. The same block again changes nothing.
-- Entries leave a log from its head only; so if the first and the last are there, all between them are. They change only when something of
-- an event is erased, which `logErased` counts.
local id, account, block = ARGV[ENDPOINT], ARGV[ACCOUNT], ARGV[BLOCK]
local key = P .. 'log:' .. id
if call('EXISTS', P .. 'block:' .. block) == 1 then
  return 'written'
elseif SCHEMA < 3 then
  return 'older'
end
local owned = owned_endpoint(id, account, 'logGone', 'logErased')
local first = owned and call('XRANGE', key, '-', '+', 'COUNT', 1)[1]
if not first or first[1] ~= ARGV[FIRST] or (owned.logErased or '') ~= ARGV[ERASED] or not call('XRANGE', key, ARGV[LAST], ARGV[LAST])[1] then
  return 'changed'
end

local written = {}
local _, gone = log_numbers(key)
if gone > whole(owned.logGone) then
  -- The log has dropped some by itself, so the past isn't whole before its first entry.
  written = { 'completeSince', text_of(tonumber(string.match(ARGV[FIRST], '^%d+')) - 1) }
end
add_block('log', id, account, block, ARGV[CONTENT], ARGV[DESCRIPTOR], string.match(ARGV[LAST], '^%d+'))
call('XTRIM', key, 'MINID', ARGV[BEHIND])
_, gone = log_numbers(key)
written[#written + 1], written[#written + 2] = 'logGone', text_of(gone)
call('HSET', P .. 'endpoint:' .. id, unpack(written))
call('ZADD', P .. 'packing', text_of(read_clock()), 'log:' .. id)
count('blocksWritten')
flush()
return 'written'
