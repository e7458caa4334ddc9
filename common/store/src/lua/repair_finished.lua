-- repair_finished: makes what is summed up of an account's finished events anew from its list; an event that the list lacks gets its entry.
--
-- ARGV[CLASS]: 'delivered' or 'exhausted'. ARGV[EVENT]: the event that is missing, '' if none is. ARGV[ORDER]: see audit.lua.
-- Returns {'repaired', what was done}, {'changed'} if there is nothing to mend any more, or {'left', why}.
-- Guarantees: one step that counts itself. No event and no entry is removed.
local account, class, missing = ARGV[ACCOUNT], ARGV[CLASS], ARGV[EVENT]
local list, oldest = P .. 'account:' .. account .. ':' .. class, P .. 'finished:' .. class
local MOST = 20000
if terms.is_left_alone(account) then
  return { 'left', 'its account is being moved or erased' }
elseif call('LLEN', list) > MOST then
  return { 'left', 'the list is too long to be counted at one moment; what it has is packed, or let go of, at its time' }
end
-- What an entry's event is charged, if the entry counts; and whether it is that of the missing one.
local function charge_in(text)
  local at, event, again = string.match(text, '^(%d+) (%S+) ?(%d*)$')
  if not at then
    return 0, false
  end
  local v = call('HMGET', P .. 'event:evt_' .. event, 'refs', 'again', 'failed', 'account', 'charge')
  local counts = v[1] == '0' and whole(v[2] or '0') == whole(again == '' and '0' or again) and v[4] == account
    and (v[3] and 'exhausted' or 'delivered') == class
  return counts and whole(v[5]) or 0, counts and 'evt_' .. event == missing
end
local bytes, is_listed = 0, false
for _, text in ipairs(call('LRANGE', list, 0, -1)) do
  local charge, is_it = charge_in(text)
  bytes, is_listed = bytes + charge, is_listed or is_it
end
local said
if missing ~= '' and not is_listed then
  local key = P .. 'event:' .. missing
  local v = call('HMGET', key, 'refs', 'account', 'failed', 'again', 'charge', 'erased')
  local is_of_it = v[1] == '0' and v[2] == account and (v[3] and 'exhausted' or 'delivered') == class
  if is_of_it and not v[6] and call('PTTL', key) == -1 then
    local last = string.match(call('LINDEX', list, -1) or '', '^%d+')
    local at = math.max(math.ceil(read_clock() / 1000), tonumber(last) or 0)
    call('RPUSH', list, text_of(at) .. ' ' .. string.sub(missing, 5) .. (v[4] and ' ' .. v[4] or ''))
    bytes, said = bytes + whole(v[5]), missing .. ' has its entry'
  end
end
local head = string.match(call('LINDEX', list, 0) or '', '^%d+')
local first, sum = call('ZSCORE', oldest, account), call('ZSCORE', oldest .. ':bytes', account)
if not head then
  if call('ZREM', oldest, account) + call('ZREM', oldest .. ':bytes', account) > 0 then
    said = 'there is no such list'
  end
elseif tonumber(first) ~= tonumber(head) or (tonumber(sum) or 0) ~= bytes then
  call('ZADD', oldest, head, account)
  call('ZADD', oldest .. ':bytes', text_of(bytes), account)
  said = (said and said .. '; ' or '') .. 'from ' .. head .. ' on, ' .. text_of(bytes) .. ' bytes'
end
if not said then
  return { 'changed' }
end
note_order(ARGV[ORDER], 'repair', 'finished:' .. class, account, said)
flush()
return { 'repaired', said }
