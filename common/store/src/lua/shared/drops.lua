-- drops.lua: drops blocks of history: at the age to which they are kept, for their account's budget, and while memory is short.

-- The most blocks that one step drops.
local MOST_BLOCKS = 32

local blocks_left = MOST_BLOCKS

-- The most accounts that are looked at for one that has more than it may.
local MOST_LOOKED_AT, MOST_PAGES = 32, 32

-- Accounts, by class, of which nothing could be dropped in this step: an endpoint was removed, and upkeep drops its blocks later.
local stuck = {}

local function block_lifetime(class)
  return class == 'exhausted' and RETENTION_FAILED or RETENTION_SUCCEEDED
end

local function drop_one(class, owner, account)
  blocks_left = blocks_left - 1
  return drop_oldest(class, owner, account, block_lifetime(class))
end

-- Drops what has reached its age: all in a block are that old. `due_of` gives the latest such time (s) of a lifetime. Returns how many
-- events and bytes went, and whether there may be more.
local function drop_aged(due_of)
  local events, bytes = 0, 0
  for _, class in ipairs({ 'log', 'delivered', 'exhausted' }) do
    local due = due_of(tonumber(block_lifetime(class))) * 1000
    while blocks_left > 0 do
      local owner = call('ZRANGEBYSCORE', P .. 'history:' .. class, '-inf', text_of(due), 'LIMIT', 0, 1)[1]
      if not owner then
        break
      end
      local more_events, more_bytes = drop_one(class, owner, class ~= 'log' and owner or nil)
      events, bytes = events + more_events, bytes + more_bytes
    end
  end
  return events, bytes, blocks_left <= 0
end

-- What an account's blocks take: its log and what was delivered, or what was exhausted.
local function packed_bytes(class, account)
  return account and not stuck[class .. account] and tonumber(call('ZSCORE', bytes_key(class), account)) or 0
end

-- The accounts whose blocks take the most, and how much, by turns, behind so many others.
local function most_packed(class, from)
  return call('ZRANGE', bytes_key(class), from, from + MOST_LOOKED_AT - 1, 'REV', 'WITHSCORES')
end

-- The one whose blocks take the most, and how much.
local function fullest_packed(class)
  local top = most_packed(class, 0)
  for i = 1, #top, 2 do
    if not stuck[class .. top[i]] then
      return top[i], tonumber(top[i + 1])
    end
  end
  return nil, 0
end

-- Drops the oldest block of an account: of those that are exhausted, or of all others.
local function drop_from(account, class)
  if class == 'exhausted' then
    return drop_one(class, account, account)
  end
  for _, series in ipairs(call('ZRANGE', P .. 'account:' .. account .. ':history', 0, 1)) do
    if series ~= 'exhausted' then
      local endpoint = string.match(series, '^log:(.+)$')
      return drop_one(endpoint and 'log' or series, endpoint or account, account)
    end
  end
  -- What an endpoint left behind that was removed: upkeep drops it.
  blocks_left = blocks_left - 1
  return 0, 0
end

-- The same; notes whether that account had none.
local function drop_some_from(account, class)
  local events, bytes = drop_from(account, class)
  if bytes == 0 then
    stuck[class .. account] = true
  end
  return events, bytes
end

-- An account whose blocks take more than `budget`, and how much of that is in the other class. It has more than half of the budget
-- in one of the classes.
local function one_beyond(class, budget)
  local other_class = class == 'delivered' and 'exhausted' or 'delivered'
  -- Those that may have more by a limit of their own are passed over, however many they are, within reason.
  for page = 0, MOST_PAGES - 1 do
    local top = most_packed(class, page * MOST_LOOKED_AT)
    for i = 1, #top, 2 do
      local account, packed = top[i], tonumber(top[i + 1])
      local other = packed_bytes(other_class, account)
      if packed + other > (terms.of(account).history or budget) and not stuck[class .. account] then
        return account, other
      elseif 2 * packed < budget then
        return
      end
    end
    if #top < 2 * MOST_LOOKED_AT then
      return
    end
  end
end

-- The same of accounts whose own limit is lower: blocks.lua notes those that are over it.
local function drop_beyond_own()
  local events, bytes, over = 0, 0, P .. 'history:over'
  for _, account in ipairs(call('ZRANGE', over, 0, MOST_LOOKED_AT - 1)) do
    local own = terms.of(account).history or math.huge
    while own < math.huge do
      local delivered, exhausted = packed_bytes('delivered', account), packed_bytes('exhausted', account)
      if delivered + exhausted <= own then
        break
      elseif blocks_left <= 0 then
        return events, bytes, true
      end
      local more_events, more_bytes = drop_some_from(account, delivered > 0 and 'delivered' or 'exhausted')
      events, bytes = events + more_events, bytes + more_bytes
    end
    call('ZREM', over, account)
  end
  return events, bytes, false
end

-- Drops what accounts have beyond `budget` (bytes), or beyond their own limit: the oldest first and the exhausted last. Returns how many
-- events and bytes went, and whether there is more.
local function drop_beyond(budget)
  local events, bytes, has_more = drop_beyond_own()
  if has_more then
    return events, bytes, true
  end
  for _, class in ipairs({ 'delivered', 'exhausted' }) do
    while true do
      local account, other = one_beyond(class, budget)
      if not account then
        break
      elseif blocks_left <= 0 then
        return events, bytes, true
      end
      local more_events, more_bytes = drop_some_from(account, class == 'exhausted' and other <= 0 and class or 'delivered')
      events, bytes = events + more_events, bytes + more_bytes
    end
  end
  return events, bytes, false
end
