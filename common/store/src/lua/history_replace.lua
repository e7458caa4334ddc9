-- history_replace: puts a block in the place of another one, which had an event more, or more of it.
--
-- ARGV[OWNER] is the endpoint of a log, else the account. ARGV[OLD]: what the index says of the block that goes. ARGV[BLOCK]: the fresh id of the other one; ARGV[CONTENT] and ARGV[DESCRIPTOR]
-- are empty if nothing is left.
-- Returns 'written', 'changed' if the block that goes is not in the index, or 'older' if the store has no blocks.
-- Guarantees: one step. The same again changes nothing. Whoever read the old block and names it finds that it has gone.
local account, class, owner = ARGV[ACCOUNT], ARGV[CLASS], ARGV[OWNER]
local index = P .. 'blocks:' .. class .. ':' .. owner
if call('EXISTS', P .. 'block:' .. ARGV[BLOCK]) == 1 then
  return 'written'
elseif SCHEMA < 3 then
  return 'older'
end
local ms = call('ZSCORE', index, ARGV[OLD])
if not ms then
  return 'changed'
end
call('ZREM', index, ARGV[OLD])
drop_described(class, ARGV[OLD], account)
if ARGV[CONTENT] ~= '' then
  -- As old as the other one was, so that it stands where that stood.
  add_block(class, owner, account, ARGV[BLOCK], ARGV[CONTENT], ARGV[DESCRIPTOR], ms)
else
  note_oldest(class, owner, account, call('ZRANGE', index, 0, 0, 'WITHSCORES')[2])
end
flush()
return 'written'
