-- service_keys_enter: enters service keys in this shard's copy, each unless the copy has that entry, or a newer one of the same id.
--
-- ARGV[TARGET]: the id that is changed, to ARGV[VERSION]; ARGV[SEEN]: the version of it that the caller knows, 0 for none. `each_entry`: all
-- entries that are known, so that a copy which missed some gets them as well. ARGV[ORDER]: see audit.lua.
-- Returns 1, or 0 when somebody else has changed that id meanwhile: then nothing is entered.
-- Guarantees: no entry gets older than it was. The same again changes nothing, and isn't noted again.
local copy = P .. 'service_keys'

local function version_of(entry)
  return tonumber(string.match(entry or '', '^%d+')) or 0
end

local stored = version_of(call('HGET', copy, ARGV[TARGET]))
if stored > tonumber(ARGV[SEEN]) and stored ~= tonumber(ARGV[VERSION]) then
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
  call('HINCRBY', META, 'serviceKeys', 1)
  note_order(ARGV[ORDER], ARGV[ACTION], ARGV[TARGET], '', ARGV[RESULT])
end
flush()
return 1
