-- service_keys_enter: enters service keys in this shard's copy, each unless the copy has that entry, or a newer one of the same id.
--
-- ARGV[TARGET]: the id that is changed; ARGV[SEEN]: the version of it that the caller knows, 0 for none. `each_entry`: all
-- entries that are known, so that a copy which missed some gets them as well. ARGV[ORDER]: see audit.lua.
-- Returns 1, or 0 when somebody else has changed that id meanwhile: then nothing is entered.
-- Guarantees: no entry gets older than it was. The same again changes nothing, and isn't noted again.
local copy = P .. 'service_keys'

local function version_of(entry)
  return tonumber(string.match(entry or '', '^%d+')) or 0
end

-- Two who change one id at the same moment may give it the same version: only the entry itself says whose it is.
local stored, mine = call('HGET', copy, ARGV[TARGET]), nil
for _, entry in ipairs(each_entry) do
  if ARGV[entry + ID] == ARGV[TARGET] then
    mine = ARGV[entry + TEXT]
  end
end
if version_of(stored) > tonumber(ARGV[SEEN]) and stored ~= mine then
  return 0
end
local changed = 0
for _, entry in ipairs(each_entry) do
  local id, text = ARGV[entry + ID], ARGV[entry + TEXT]
  if version_of(call('HGET', copy, id)) < version_of(text) then
    call('HSET', copy, id, text)
    changed = changed + 1
  end
end
if changed > 0 then
  -- A time, not a count: after a failover that lost a change, the next one must not have the number which APIs saw with the lost one.
  local known = tonumber(call('HGET', META, 'serviceKeys')) or 0
  call('HSET', META, 'serviceKeys', text_of(math.max(read_clock(), known + 1)))
  note_order(ARGV[ORDER], ARGV[ACTION], ARGV[TARGET], '', ARGV[RESULT])
end
flush()
return 1
