-- shards_grow: takes a shard from one step of growing to the next.
--
-- ARGV[TO]: how many shards there are to be. ARGV[STEP]: 'told' (programs that start from now on have them all), 'closed' (no account may
-- begin), 'done' (accounts are cut by the new number).
-- Guarantees: the same again changes nothing, and neither does an earlier step.
local refusal = upgrade_pending(5)
if refusal then
  return refusal
end
local kept = call('HMGET', META, 'shards', 'growsTo')
if kept[1] == ARGV[TO] then
  return
end
if ARGV[STEP] == 'done' then
  call('HSET', META, 'shards', ARGV[TO])
  call('HDEL', META, 'growsTo')
elseif ARGV[STEP] == 'closed' then
  call('HSET', META, 'growsTo', ARGV[TO] .. ' closed')
elseif not kept[2] then
  call('HSET', META, 'growsTo', ARGV[TO])
end
