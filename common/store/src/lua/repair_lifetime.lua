-- repair_lifetime: gives a key the lifetime that it lacks, or takes one that it must not have while it is needed.
--
-- ARGV[NAME] is the key without the prefix. ARGV[STAYS]: how long it stays (ms), 0 for ever. ARGV[ORDER]: see audit.lua.
-- Returns {'repaired', what was done}, {'changed'} if it is as it must be, or {'left', why}.
-- Guarantees: what is unfinished keeps its payload and its record; what has ended goes at its time.
local name, stays = ARGV[NAME], tonumber(ARGV[STAYS])
local key = P .. name
local left, kind = call('PTTL', key), string.match(name, '^%l+')
local is_needed
if kind == 'event' then
  is_needed = (tonumber(call('HGET', key, 'refs')) or 0) > 0
elseif kind == 'delivery' or kind == 'replay' then
  local state = call('HGET', key, 'state')
  local ended = { succeeded = true, exhausted = true, finished = true, canceled = true }
  is_needed = state and not ended[state]
end
local said
if stays == 0 and is_needed and left >= 0 then
  call('PERSIST', key)
  said = 'it stays while it is needed'
elseif stays > 0 and not is_needed and left == -1 then
  call('PEXPIRE', key, text_of(stays))
  said = 'it goes in ' .. text_of(math.floor(stays / 60000)) .. ' minutes, unless it is used'
end
if not said then
  return { 'changed' }
end
note_order(ARGV[ORDER], 'repair', name, '', said)
flush()
return { 'repaired', said }
