-- account_move_switch: an account that was copied is no longer this shard's.
--
-- Guarantees: from here on every script answers that it has moved, and that stays. There is no way back but another move. The same again
-- changes nothing.
local account = ARGV[ACCOUNT]
local key = moves.key_of(account)
local kept = call('HMGET', key, 'phase', 'to')
if kept[1] == 'closed' then
  call('HSET', key, 'phase', 'switched', 'switchedAt', text_of(read_clock()))
  moves.set_terms(account, 'moved ' .. kept[2])
end
