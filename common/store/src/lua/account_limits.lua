-- account_limits: gives an account limits of its own, in the place of the process's.
--
-- ARGV[LIMITS]: what `terms.lua` reads; '' for none.
-- Guarantees: they hold from the next event and the next change on. The same again changes nothing.
local account = ARGV[ACCOUNT]
local refusal = upgrade_pending(4) or terms.refusal(account) or misplaced(account)
if refusal then
  return refusal
end
local key = terms.key_of(account)
if ARGV[LIMITS] == '' then
  call('DEL', key)
else
  call('SET', key, ARGV[LIMITS])
end
note_overfull(account, terms.read(ARGV[LIMITS]))
