-- account_move_arrive: an account is to come to this shard. Until it has, nothing is done for it here.
--
-- Returns 'ready', or 'occupied' when there is something of the account here that no such move has brought.
-- Guarantees: the same again changes nothing.
local account = ARGV[ACCOUNT]
local refusal = upgrade_pending(moves.SCHEMA)
if refusal then
  return refusal
end
local key, start = moves.key_of(account), P .. 'account:' .. account .. ':'
local known = call('HMGET', key, 'from', 'phase')
if known[1] == ARGV[FROM] and known[2] == 'arriving' then
  return 'ready'
end
local names = { key }
for _, field in ipairs({ 'endpoints', 'bytes', 'delivered', 'exhausted', 'history', 'idempotency', 'keys', 'hold', 'hours', 'days', 'unmatched',
  'erasure', 'places' }) do
  names[#names + 1] = start .. field
end
local was = call('GET', terms.key_of(account))
if call('EXISTS', unpack(names)) > 0 or was and not terms.read(was).is_moved then
  return 'occupied'
end
call('HSET', key, 'phase', 'arriving', 'from', ARGV[FROM], 'since', text_of(read_clock()), 'terms', was or '')
moves.set_terms(account, 'moving ' .. string.match(P, '{(%d+)}'))
return 'ready'
