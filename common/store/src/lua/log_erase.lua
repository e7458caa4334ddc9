-- log_erase: takes what receivers answered to an event's attempts out of an endpoint's log, as far as the log isn't packed.
--
-- ARGV[LAST_ERROR]: what the endpoint says of its latest failure, if that was an attempt of the event; else empty.
-- Returns {'erased'}, or {'long'} if the log is longer than 500 entries: then the caller packs the older ones first.
-- Guarantees: one step. Entries stay in their places, with what we know of the attempts by ourselves. The same again changes nothing. A
-- block that is made of what was read of the log before is refused (`logErased`).
local MOST = 500

local id, stem = ARGV[ENDPOINT], 'dlv_' .. string.sub(ARGV[EVENT], 5) .. '_'
local key, log = P .. 'endpoint:' .. id, P .. 'log:' .. id
local owned = owned_endpoint(id, ARGV[ACCOUNT], 'logGone', 'logErased', 'lastError')
if not owned then
  return { 'erased' }
end
if ARGV[LAST_ERROR] ~= '' and owned.lastError == ARGV[LAST_ERROR] then
  call('HSET', key, 'lastError', string.match(owned.lastError, '^%S+ %S+ %S+') or '')
end
if call('EXISTS', log) == 0 then
  return { 'erased' }
end
local length, gone = log_numbers(log)
if length > MOST then
  return { 'long' }
end

-- An entry without what the receiver said.
local function without_answer(fields)
  local left, had_one = {}, false
  for i = 1, #fields, 2 do
    local name = fields[i]
    if name == 'headers' or name == 'snippet' or name == 'detail' then
      had_one = true
    else
      left[#left + 1], left[#left + 2] = name, fields[i + 1]
    end
  end
  if had_one then
    left[#left + 1], left[#left + 2] = 'erased', '1'
  end
  return left, had_one
end

local entries, is_changed = call('XRANGE', log, '-', '+'), false
for _, logged in ipairs(entries) do
  local delivery = attempt_in(logged[2])
  if delivery and string.sub(delivery, 1, #stem) == stem then
    local left, had_one = without_answer(logged[2])
    logged[2], is_changed = left, is_changed or had_one
  end
end
if not is_changed then
  return { 'erased' }
end
local written = { 'logErased', text_of(whole(owned.logErased) + 1), 'logGone', '0' }
if gone > whole(owned.logGone) then
  -- The log has dropped some by itself, so the past isn't whole before its first entry.
  written[#written + 1] = 'completeSince'
  written[#written + 1] = text_of(tonumber(string.match(entries[1][1], '^%d+')) - 1)
end
call('UNLINK', log)
for _, logged in ipairs(entries) do
  call('XADD', log, logged[1], unpack(logged[2]))
end
call('HSET', key, unpack(written))
return { 'erased' }
