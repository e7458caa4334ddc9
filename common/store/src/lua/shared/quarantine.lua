-- quarantine.lua: deliveries that may be what kills workers, and who is to blame for a lost lease.
--
-- A delivery that lost three leases is a *suspect*. Suspects are served beside everything else, a few at a time; a worker's
-- key names those that it holds. When it dies, they take the blame, and their neighbours take none. If it held several, none
-- of them is blamed yet: from then on each is served *singly*, as the only suspect of its worker.
-- On a pending list, where suspects of endpoints that are not active wait, an entry with a count that begins with 0 is one.

-- Set when this script changed what waits in quarantine.
local quarantine_changed = false

-- Suspects -------------------------------------------------------------------------------------------------------

-- The suspects that a worker's key names: `of` has the sequence of the call that leased each, `singly` says that the only
-- one is served singly. In the key each is `<d>:<sequence>`, or `<d>:<sequence>!` if singly.
local function suspects_in(text)
  local held = { count = 0, of = {}, singly = false }
  for delivery, sequence, mark in string.gmatch(text or '', '(dlv_[%w_]+):(%d+)(!?)') do
    held.of[delivery] = sequence
    held.count = held.count + 1
    held.singly = held.singly or mark == '!'
  end
  return held
end

local function suspects_text(held)
  local named = {}
  for delivery, sequence in pairs(held.of) do
    named[#named + 1] = delivery .. ':' .. sequence .. (held.singly and '!' or '')
  end
  return table.concat(named, ' ')
end

local function hold(held, delivery, sequence, singly)
  if not held.of[delivery] then
    held.count = held.count + 1
  end
  held.of[delivery], held.singly = sequence, singly
end

-- The worker is done with what it leased in the call `sequence`; true if that was a suspect. It may have leased the same
-- delivery again meanwhile.
local function let_go(held, delivery, sequence)
  if not held.of[delivery] or held.of[delivery] ~= sequence then
    return false
  end
  held.of[delivery], held.count, held.singly = nil, held.count - 1, false
  return true
end

-- Blame ----------------------------------------------------------------------------------------------------------

-- What the lost lease of a delivery means, if its worker died holding `held`: 'counts' against it, 'excused' since a suspect
-- takes the blame, or 'unclear' since it was one of several suspects.
local function verdict(held, delivery)
  if held.count == 0 or held.of[delivery] and held.count == 1 then
    return 'counts'
  end
  return held.of[delivery] and 'unclear' or 'excused'
end

-- The verdict on a lease that expired. What a dead worker held stays in its key for longer than its last lease lasts.
local held_by = {}
local function judge(delivery, token)
  local incarnation = string.match(token, '^(%w+):') or ''
  if not held_by[incarnation] then
    local kept = incarnation ~= '' and call('GET', P .. 'worker:' .. incarnation) or ''
    held_by[incarnation] = suspects_in(string.match(kept, '|(.*)$'))
  end
  return verdict(held_by[incarnation], delivery)
end

-- Waiting --------------------------------------------------------------------------------------------------------

-- Parks a suspect: it waits on its endpoint's pending list, which is not served now, and shares the fate of that list. When
-- a worker fetches it one day, its mark brings it back to quarantine.
local function park_suspect(id, delivery)
  local key = record_of(delivery)
  call('HSET', key, 'state', 'pending')
  call('HDEL', key, 'nextAttemptAt')
  call('LPUSH', P .. 'pending:' .. id, entry(delivery, (attempts_in(key)), true))
end

-- Puts a suspect that has a record into quarantine; if its endpoint is not active, it is parked.
local function quarantine(e, delivery, due)
  if e.state ~= 'active' then
    park_suspect(e.id, delivery)
    return
  end
  call('HSET', record_of(delivery), 'state', 'quarantined', 'nextAttemptAt', due)
  call('ZADD', QUARANTINE, due, delivery)
  quarantine_changed = true
end

-- A lease was lost: no strike, and no attempt is counted. What is excused goes back in front, and so does what has lost up to
-- two leases. From the third on a delivery is a suspect: it waits in quarantine, longer with each loss that was its own.
local function lost(e, delivery, attempts, meaning)
  count('leasesLost')
  if meaning == 'excused' then
    count('leasesExcused')
    call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, attempts))
    return
  end
  local key, now = record_of(delivery), read_clock()
  local losses = whole(call('HGET', key, 'lostLeases'))
  losses = meaning == 'counts' and losses + 1 or math.max(3, losses)
  call('HSET', key, 'endpoint', e.id, 'event', event_of(delivery), 'attempts', attempts, 'lostLeases', losses)
  if losses < 3 then
    call('HSET', key, 'state', 'pending')
    call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, attempts))
    return
  end
  call('HSETNX', key, 'quarantinedAt', now)
  if meaning == 'unclear' then
    count('suspectsToServeSingly')
    call('HSET', key, 'singly', '1')
    quarantine(e, delivery, now)
  else
    quarantine(e, delivery, now + math.min(3600000, 5000 * 2 ^ (losses - 3)))
  end
end

-- A suspect was attempted and its worker lived: it is none any more. One more lost lease makes it one again.
local function acquit(record)
  call('HSET', record, 'lostLeases', 2)
  call('HDEL', record, 'singly', 'quarantinedAt')
end

-- Parks an endpoint's suspects, so that they share the fate of what else is parked. Looks at the 2,000 that are due first;
-- what is beyond that is parked, or dropped if its endpoint is gone, when it is due.
local function leave_quarantine(id)
  local waiting = call('ZRANGE', QUARANTINE, 0, 1999)
  for i = #waiting, 1, -1 do
    if endpoint_of(waiting[i]) == id then
      call('ZREM', QUARANTINE, waiting[i])
      park_suspect(id, waiting[i])
    end
  end
end
