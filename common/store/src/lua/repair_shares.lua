-- repair_shares: counts anew, by the tokens of what is in flight, what accounts and destinations have; whoever waits for a place is known to.
--
-- ARGV[WAITED]: a name that endpoints wait for, or that is said to be waited for, '' for none. ARGV[ORDER]: see audit.lua.
-- Returns {'repaired', what was done}, {'changed'} if all is as it must be, or {'left', why}.
-- Guarantees: one step, as upkeep takes it every ten minutes.
local MOST = 20000
if call('ZCARD', LEASES) > MOST then
  return { 'left', 'too much is in flight to be counted at one moment; upkeep tries every ten minutes' }
end
local stored, tokens = call('HGETALL', TOKENS), {}
for i = 2, #stored, 2 do
  tokens[#tokens + 1] = stored[i]
end
local waited, has_changed = ARGV[WAITED], false
if waited ~= '' then
  tally.know({ waited }, 1)
  local waits = call('EXISTS', P .. 'waiting:' .. waited) == 1
  local is_known = call('ZSCORE', WAITING, waited)
  if waits and not is_known then
    call('ZADD', WAITING, text_of(read_clock()), waited)
  elseif not waits and is_known then
    call('ZREM', WAITING, waited)
  end
  has_changed = places[waited].waits ~= waits or (is_known and true or false) ~= waits
  places[waited].waits = waits
end
tally.recount(tokens)
for _, place in pairs(places) do
  has_changed = has_changed or place.taken ~= place.was_taken
end
if not has_changed then
  return { 'changed' }
end
tally.write()
note_order(ARGV[ORDER], 'repair', 'shares', '', 'counted anew')
flush()
wake()
return { 'repaired', 'counted anew' }
