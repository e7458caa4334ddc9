-- finished.lua: the index of finished events, oldest first, in which upkeep finds what to let go of.
--
-- There is a list for each account and class, `delivered` or `exhausted` (one of the event's deliveries was). An entry is `<when it
-- finished (s, rounded up)> <26 characters of its id>`, and ` <how often>` behind it when the event was sent again before. Time never
-- goes back, so the lists are sorted. `finished:<class>` has the time of each account's oldest entry, `finished:<class>:bytes` what
-- its events are charged. An entry counts while its event has no unfinished delivery and was sent again as often as it says.

-- What finished, and what is sent again, in this call: added up here and written once at the end.
local changed_lists = { delivered = {}, exhausted = {} }
local function change_of(account, failed)
  local accounts = failed and changed_lists.exhausted or changed_lists.delivered
  local change = accounts[account]
  if not change then
    change = { bytes = 0, entries = {} }
    accounts[account] = change
  end
  return change
end

-- The last delivery of an event is finished.
local finished_at
local function finish(event, account, failed, charge, again)
  finished_at = finished_at or text_of(math.ceil(read_clock() / 1000)) .. ' '
  local change = change_of(account, failed)
  change.bytes = change.bytes + charge
  change.entries[#change.entries + 1] = finished_at .. string.sub(event, 5) .. (again and ' ' .. again or '')
end

-- Whoever has read an account's finished events to pack them sees by this that one was sent again, or erased, since: nothing else
-- changes a finished event, or removes one but from the head of its list.
local function forestall_packing(account)
  local again = P .. 'account:' .. account .. ':again'
  call('INCR', again)
  call('PEXPIRE', again, 3600000)
end

-- A finished event is sent again, so its entry no longer counts. An event that an earlier release finished has a lifetime and no
-- entry.
local function unfinish(key, account, failed, charge)
  call('HINCRBY', key, 'again', 1)
  if SCHEMA >= 3 then
    forestall_packing(account)
  end
  if call('PERSIST', key) == 0 then
    local change = change_of(account, failed)
    change.bytes = change.bytes - charge
  end
end

-- After entries were taken off the head of an account's list, with events that were charged so many bytes: what `finished:…` says.
local function note_head(account, class, bytes)
  local head, oldest = call('LINDEX', P .. 'account:' .. account .. ':' .. class, 0), 'finished:' .. class
  if head then
    call('ZADD', P .. oldest, string.match(head, '^%d+') or 0, account)
    call('ZINCRBY', P .. oldest .. ':bytes', string.format('%d', -bytes), account)
  else
    call('ZREM', P .. oldest, account)
    call('ZREM', P .. oldest .. ':bytes', account)
  end
end

write_finished = function()
  for class, accounts in pairs(changed_lists) do
    for account, change in pairs(accounts) do
      local name, entries = P .. 'account:' .. account .. ':' .. class, change.entries
      if #entries > 0 then
        if call('RPUSH', name, unpack(entries)) == #entries then
          call('ZADD', P .. 'finished:' .. class, 'NX', string.match(entries[1], '^%d+'), account) -- the list is new
        end
      end
      if change.bytes ~= 0 then
        call('ZINCRBY', P .. 'finished:' .. class .. ':bytes', string.format('%d', change.bytes), account)
      end
    end
  end
end
