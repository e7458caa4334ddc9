-- account_move_end: a move is over: it was undone, or all of it is done.
--
-- ARGV[PHASE]: which it must be in. What an account that doesn't come after all had as its terms here, it has again.
local account = ARGV[ACCOUNT]
local key = moves.key_of(account)
local kept = call('HMGET', key, 'phase', 'terms')
if kept[1] ~= ARGV[PHASE] then
  return
end
if kept[1] == 'arriving' then
  moves.set_terms(account, kept[2])
end
call('DEL', key, moves.places_of(account))
