-- account_erase: an account is to be erased. Workers do it, step by step (account_erase_step.lua).
--
-- Guarantees: from here on nothing is accepted for the account, and nothing is added to it. The same again changes nothing; once it has
-- been erased, it erases what has come since.
local account = ARGV[ACCOUNT]
local refusal = upgrade_pending(4) or misplaced(account)
if refusal then
  return refusal
end
local key, now = P .. 'account:' .. account .. ':erasure', text_of(read_clock())
if not terms.of(account).is_erasing then
  call('DEL', key)
  call('HSET', key, 'phase', 'endpoints', 'since', now)
  call('SET', terms.key_of(account), 'erasing')
end
call('ZADD', P .. 'erasures', 'NX', now, account)
wake() -- it wakes upkeep as well
