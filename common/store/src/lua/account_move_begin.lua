-- account_move_begin: an account is to move from this shard to another one.
--
-- Returns 'begun', 'under_way' if it is on some way already, or 'growing' if the store gets more shards: an account is entered where it lies then.
-- Guarantees: nothing else changes: the caller pauses the account next.
local account = ARGV[ACCOUNT]
local key = moves.key_of(account)
local phase = call('HGET', key, 'phase')
if phase and phase ~= 'arrived' then
  return 'under_way'
end
local refusal = upgrade_pending(moves.SCHEMA) or terms.refusal(account)
if refusal then
  return refusal
end
if call('HEXISTS', META, 'growsTo') == 1 then
  return 'growing'
end
call('DEL', key) -- it came here before
call('HSET', key, 'phase', 'draining', 'to', ARGV[TO], 'since', text_of(read_clock()))
moves.ask_sweeps(account)
return 'begun'
