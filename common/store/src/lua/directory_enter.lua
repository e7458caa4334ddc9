-- directory_enter: enters accounts, each with the shard that has it, in this shard's copy of the directory.
--
-- ARGV[REPLACES]: whether these take the place of other entries for the same accounts. ARGV[VERSION]: the version that the directory has with these; '' while more follow.
-- Guarantees: the same again changes nothing. The version never falls.
local refusal = upgrade_pending(5)
if refusal then
  return refusal
end
for _, entry in ipairs(each_entry) do
  if ARGV[REPLACES] == '1' then
    call('HSET', P .. 'directory', ARGV[entry + ACCOUNT], ARGV[entry + NUMBER])
  else
    call('HSETNX', P .. 'directory', ARGV[entry + ACCOUNT], ARGV[entry + NUMBER])
  end
end
if ARGV[VERSION] ~= '' and (tonumber(call('HGET', META, 'directory')) or 0) < tonumber(ARGV[VERSION]) then
  call('HSET', META, 'directory', ARGV[VERSION])
end
