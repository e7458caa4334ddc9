-- placed.lua: may an account begin in this shard?

-- What a script answers that would make the first thing of an account whose shard is another one by now; nil if it may, or if the account
-- is here already. ARGV[SHARDS] is the number that accounts were cut by when the caller chose this shard. While a store grows, and the
-- accounts that are here are entered in the directory, none may begin (`closed`); one that is here gets its entry with this.
local function misplaced(account)
  local kept = call('HMGET', META, 'shards', 'growsTo')
  local is_closed = kept[2] and string.find(kept[2], 'closed', 1, true)
  if (kept[1] or ARGV[SHARDS]) == ARGV[SHARDS] and not is_closed then
    return nil
  end
  local of, names = P .. 'account:' .. account .. ':', {}
  for place, field in ipairs({ 'endpoints', 'terms', 'hold', 'keys', 'hours', 'days', 'unmatched', 'idempotency', 'delivered', 'exhausted',
    'history', 'erasure' }) do
    names[place] = of .. field
  end
  if call('EXISTS', unpack(names)) == 0 then
    return redis.error_reply('MISPLACED ' .. account)
  end
  if is_closed then
    call('HSETNX', P .. 'directory', account, string.match(P, '{(%d+)}'))
  end
end
