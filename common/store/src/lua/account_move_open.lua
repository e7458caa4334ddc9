-- account_move_open: puts back, in steps, what an account has in keys that all share; then scripts do things for it again.
--
-- ARGV[TERMS]: what is decided of it from then on; ARGV[WAITING]: how many of its deliveries wait. It runs in the shard that the account reaches, once that has it, and in the one that it
-- leaves, when that is undone.
-- Returns 'goes_on', or 'open'.
-- Guarantees: each step may be repeated. A move that was being undone can still go on: it closes again first.
local MOST = 500

local account = ARGV[ACCOUNT]
local key, places = moves.key_of(account), moves.places_of(account)
local phase = call('HGET', key, 'phase')
if phase == 'closed' then
  call('HSET', key, 'phase', 'closing')
  call('HDEL', key, 'behind')
  moves.ask_sweeps(account)
elseif phase ~= 'closing' and phase ~= 'arriving' then
  return 'open'
end
local found = call('HSCAN', places, '0', 'COUNT', MOST)[2]
for i = 1, #found, 2 do
  local name, member = string.match(found[i], '^(%S+) (.*)$')
  call('ZADD', P .. name, found[i + 1], member)
  call('HDEL', places, found[i])
end
if call('EXISTS', places) == 1 then
  return 'goes_on'
end
moves.set_terms(account, ARGV[TERMS])
if phase == 'arriving' then
  call('HSET', key, 'phase', 'arrived')
  moves.count('movedIn', tonumber(ARGV[WAITING]))
else
  call('HSET', key, 'phase', 'draining')
  call('HDEL', key, 'behind', 'waiting')
  moves.count('movedOut', -tonumber(ARGV[WAITING]))
end
return 'open'
