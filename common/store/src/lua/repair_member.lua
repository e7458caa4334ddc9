-- repair_member: takes an entry out of an index that names what doesn't exist, or is another account's.
--
-- ARGV[INDEX] is the key without the prefix. ARGV[ORDER]: see audit.lua.
-- Returns {'repaired', what was done}, {'changed'} if what it names is there by now, or {'left', why}.
-- Guarantees: nothing but this entry goes.
local index, member = ARGV[INDEX], ARGV[MEMBER]
local owner = call('HGET', P .. 'endpoint:' .. member, 'account')
local account = string.match(index, '^account:(.*):endpoints$')
local is_gone
if index == 'replays' then
  is_gone = call('EXISTS', P .. 'replay:' .. member) == 0 and call('ZREM', P .. index, member) == 1
elseif account and terms.is_left_alone(account) then
  return { 'left', 'its account is being moved or erased' }
elseif account then
  is_gone = owner ~= account and call('HDEL', P .. index, member) == 1
else
  is_gone = not owner and call('ZREM', P .. index, member) == 1
end
if not is_gone then
  return { 'changed' }
end
local said = member .. ' is no longer in ' .. index
note_order(ARGV[ORDER], 'repair', index, account or '', said)
flush()
return { 'repaired', said }
