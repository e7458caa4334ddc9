-- release.lua: lets go of the payloads of finished events: at their age, and earlier while memory is short, or an account has too
-- much exhausted.

-- The most entries, accounts and bytes that one step looks at or lets go of.
local MOST_ENTRIES, MOST_ACCOUNTS, MOST_BYTES = 300, 64, 16777216

-- What an account has too much of comes as fast as its events, and each step keeps others waiting.
local MOST_BEYOND = 100

-- A call that accepted an event may be repeated, and must find the event, for less than this (ms). So of what finished since then
-- only the payload goes early.
local REPEATED_WITHIN = 10000

-- The least that is taken from one account at a time (bytes).
local PORTION = 16384

local entries_left, bytes_left = MOST_ENTRIES, MOST_BYTES

-- Whether an entry still stands for its event, and what the event is charged.
local function is_current(key, account, again)
  local v = call('HMGET', key, 'account', 'refs', 'again', 'charge')
  return v[1] == account and v[2] == '0' and (v[3] or '') == again, whole(v[4])
end

-- Takes entries off the head of an account's list: those that finished at `due` (s) or before, until `wanted` bytes are gone.
-- Returns how many events and bytes went. Entries that don't count go as well, and free nothing.
local function release_oldest(account, class, due, wanted)
  local name, now = 'account:' .. account .. ':' .. class, read_clock()
  local entries = call('LRANGE', P .. name, 0, math.min(entries_left, 100) - 1)
  local taken, events, bytes, gone, newest = 0, 0, 0, {}, nil
  for _, text in ipairs(entries) do
    local at, id, again = string.match(text, '^(%d+) (%w+) ?(%d*)$')
    if bytes >= wanted or at and tonumber(at) > due then
      break
    end
    taken = taken + 1
    local key = P .. 'event:evt_' .. (id or '')
    local counts, charge = false, 0
    if at then
      counts, charge = is_current(key, account, again)
    else
      note_corrupt('index', name .. ' ' .. text)
    end
    if counts then
      events, bytes, newest = events + 1, bytes + charge, at
      local young = REPEATED_WITHIN - (now - tonumber(at) * 1000)
      if young > 0 then
        call('HDEL', key, 'body')
        call('PEXPIRE', key, string.format('%d', young))
      else
        gone[#gone + 1] = key
      end
    end
  end
  if #gone > 0 then
    call('UNLINK', unpack(gone))
  end
  if taken > 0 then
    call('LTRIM', P .. name, taken, -1)
  end
  if events > 0 then
    note_complete_since(class, account, newest .. '000', block_lifetime(class))
  end
  note_head(account, class, bytes)
  -- A look at an empty list counts as one entry.
  entries_left, bytes_left = entries_left - math.max(1, taken), bytes_left - bytes
  return events, bytes
end

-- The latest time (s) that is as long ago as `kept` (ms). What the clock was set back by didn't pass (see `age_of`), so each look
-- goes back by what is missing; after a few the time is far enough back for certain.
local function long_ago(kept)
  local at = read_clock() - kept
  for _ = 1, 16 do
    local missing = kept - age_of(at)
    if missing <= 0 then
      return math.floor(at / 1000)
    end
    at = at - missing
  end
  return 0
end

-- Lets go of what has reached the age to which its class is kept, oldest first. Returns how many events and bytes went, and
-- whether there may be more.
local function release_aged(class, kept)
  local due, events, bytes = long_ago(kept), 0, 0
  local name = 'finished:' .. class
  local accounts = call('ZRANGEBYSCORE', P .. name, '-inf', due, 'LIMIT', 0, MOST_ACCOUNTS)
  for _, account in ipairs(accounts) do
    while entries_left > 0 and bytes_left > 0 do
      local before = entries_left
      local more_events, more_bytes = release_oldest(account, class, due, bytes_left)
      events, bytes = events + more_events, bytes + more_bytes
      if before - entries_left < 100 then
        break
      end
    end
  end
  return events, bytes, #accounts == MOST_ACCOUNTS or #accounts > 0 and (entries_left <= 0 or bytes_left <= 0)
end

-- The account that has the most, in blocks and beside them, and how much of that is in blocks: `account` has the most beside them.
local function fullest(class, account, unpacked)
  local packed = packed_bytes(class, account)
  local other, in_blocks = fullest_packed(class)
  local beside = other and tonumber(call('ZSCORE', P .. 'finished:' .. class .. ':bytes', other)) or 0
  if in_blocks + beside > packed + unpacked then
    return other, in_blocks
  end
  return account, packed
end

-- Lets go of payloads now, for want of memory: those of the account that has the most, oldest first. Returns how many events and bytes
-- went.
local function release_early(class, wanted)
  local events, bytes, name = 0, 0, 'finished:' .. class .. ':bytes'
  while bytes < wanted and entries_left > 0 and bytes_left > 0 do
    local top = call('ZRANGE', P .. name, 0, 1, 'REV', 'WITHSCORES')
    local account, packed = fullest(class, top[1], tonumber(top[2]) or 0)
    local more_events, more_bytes
    if packed > 0 then
      -- Blocks are older than what isn't packed yet.
      more_events, more_bytes = drop_some_from(account, class)
      entries_left, bytes_left = entries_left - 10, bytes_left - more_bytes
    elseif account then
      local portion = math.max(PORTION, tonumber(top[2]) - (tonumber(top[4]) or 0))
      more_events, more_bytes = release_oldest(account, class, math.huge, math.min(portion, wanted - bytes, bytes_left))
    else
      break
    end
    events, bytes = events + more_events, bytes + more_bytes
  end
  return events, bytes
end

-- Lets go of what accounts have of a class beyond `budget` (bytes), oldest first. Returns how many events and bytes went, and whether
-- there is more.
local function release_beyond(class, budget)
  local events, bytes, name = 0, 0, 'finished:' .. class .. ':bytes'
  while true do
    local top = call('ZRANGE', P .. name, 0, 0, 'REV', 'WITHSCORES')
    local beyond = (tonumber(top[2]) or 0) - budget
    if beyond <= 0 then
      return events, bytes, false
    elseif entries_left <= MOST_ENTRIES - MOST_BEYOND or bytes_left <= 0 then
      return events, bytes, true
    end
    local more_events, more_bytes = release_oldest(top[1], class, math.huge, math.min(beyond, bytes_left))
    events, bytes = events + more_events, bytes + more_bytes
  end
end

-- One step of all: `wanted` bytes have to go now, whatever their age, and no age is believed before `age_hold`; what is exhausted stays
-- within `budget` in each account, and blocks of history within `history_budget`. Returns {events, bytes} that went at their age, early, and for the budget, and whether there is
-- more to do.
local function release(wanted, age_hold, budget, history_budget)
  local aged, early, more = { 0, 0 }, { 0, 0 }, false
  if read_clock() >= age_hold then
    aged[1], aged[2], more = drop_aged(long_ago)
  end
  for _, one in ipairs({ { 'delivered', RETENTION_SUCCEEDED }, { 'exhausted', RETENTION_FAILED } }) do
    local events, bytes, has_more = 0, 0, false
    if read_clock() >= age_hold then
      events, bytes, has_more = release_aged(one[1], tonumber(one[2]))
    end
    aged, more = { aged[1] + events, aged[2] + bytes }, more or has_more
  end
  for _, class in ipairs({ 'delivered', 'exhausted' }) do
    local events, bytes = release_early(class, wanted - aged[2] - early[2])
    early = { early[1] + events, early[2] + bytes }
  end
  local events_beyond, bytes_beyond, has_beyond = release_beyond('exhausted', budget)
  local events_dropped, bytes_dropped, has_dropped = drop_beyond(history_budget)
  events_beyond, bytes_beyond, has_beyond = events_beyond + events_dropped, bytes_beyond + bytes_dropped, has_beyond or has_dropped
  for name, events in pairs({ releasedAtAge = aged[1], releasedEarly = early[1], releasedOverBudget = events_beyond }) do
    if events > 0 then
      count(name, events)
    end
  end
  return aged, early, { events_beyond, bytes_beyond }, more or has_beyond
    or aged[2] + early[2] < wanted and (entries_left <= 0 or bytes_left <= 0)
end

