-- blocks.lua: the index of blocks of history.
--
-- A series is `log:<e>`, `delivered:<a>` or `exhausted:<a>`. `blocks:<series>` has its blocks' descriptors (common/history), scored by
-- the time (ms) of the newest that is in each. `history:<class>` has the time of each owner's oldest block, `account:<a>:history` that
-- of each series of the account, `history:bytes` and `history:bytes:exhausted` what the account's blocks take. `history:over` has accounts that may have more than their own limit.

local function bytes_key(class)
  return P .. 'history:bytes' .. (class == 'exhausted' and ':exhausted' or '')
end

-- An account's blocks may take more than its own limit says: upkeep looks (drops.lua).
local function note_overfull(account, limits)
  if limits.history then
    call('ZADD', P .. 'history:over', 'NX', 0, account)
  end
end

-- What a descriptor says: the block, its account (nil of what isn't a log), how many entries or events and bytes it has.
local function described(class, descriptor)
  if class == 'log' then
    local block, account, entries, bytes = string.match(descriptor, '^(%w+) (%S+) %S+ %S+ (%d+) (%d+) ')
    return block, account, whole(entries), whole(bytes)
  end
  local block, events, bytes = string.match(descriptor, '^(%w+) %S+ %S+ (%d+) (%d+) ')
  return block, nil, whole(events), whole(bytes)
end

-- A series' oldest block is of that time now (a text), or there is none any more (nil).
local function note_oldest(class, owner, account, ms)
  local series = class == 'log' and 'log:' .. owner or class
  if ms then
    call('ZADD', P .. 'history:' .. class, ms, owner)
    if account then
      call('ZADD', P .. 'account:' .. account .. ':history', ms, series)
    end
  else
    call('ZREM', P .. 'history:' .. class, owner)
    if account then
      call('ZREM', P .. 'account:' .. account .. ':history', series)
    end
  end
end

-- Adds a block at the end of its series.
local function add_block(class, owner, account, block, content, descriptor, ms)
  local index = P .. 'blocks:' .. class .. ':' .. owner
  call('SET', P .. 'block:' .. block, content)
  if call('ZCARD', index) == 0 then
    note_oldest(class, owner, account, ms)
  end
  call('ZADD', index, ms, descriptor)
  call('ZINCRBY', bytes_key(class), #content, account)
  note_overfull(account, terms.of(account))
end

-- The account's blocks take so many bytes less.
local function lower_bytes(class, account, bytes)
  local key = bytes_key(class)
  if tonumber(call('ZINCRBY', key, text_of(-bytes), account)) <= 0 then
    call('ZREM', key, account)
  end
end

-- From that time (ms) on nothing is missing of what a series keeps. It only rises: what is newer may have gone by itself, before the
-- blocks that are older. An account's two classes share a key, which lives as long as the one that is kept longer needs it.
local function note_complete_since(class, owner, ms, kept_for)
  local key, field = P .. 'account:' .. owner .. ':since', class
  if class == 'log' then
    key, field = P .. 'endpoint:' .. owner, 'completeSince'
    if call('EXISTS', key) == 0 then
      return
    end
  end
  if tonumber(ms) > whole(call('HGET', key, field)) then
    call('HSET', key, field, ms)
  end
  if class ~= 'log' and call('PTTL', key) < tonumber(kept_for) then
    call('PEXPIRE', key, kept_for)
  end
end

-- Drops a block that the index no longer has; `owner` is the account of what isn't a log. Returns the account, and how many entries or
-- events, and bytes, went; nil for what can't be read.
local function drop_described(class, descriptor, owner)
  local block, account, number, bytes = described(class, descriptor)
  if not block then
    note_corrupt('index', class .. ' ' .. descriptor)
    return nil, 0, 0
  end
  call('UNLINK', P .. 'block:' .. block)
  lower_bytes(class, account or owner, bytes)
  return account or owner, number, bytes
end

-- Drops the oldest block of a series. Returns how many events with payloads, and how many bytes, went.
local function drop_oldest(class, owner, account, kept_for)
  local index = P .. 'blocks:' .. class .. ':' .. owner
  local head = call('ZRANGE', index, 0, 1, 'WITHSCORES')
  if not head[1] then
    note_oldest(class, owner, account, nil) -- removed with its endpoint, or moved away
    return 0, 0
  end
  call('ZREM', index, head[1])
  local of, number, bytes = drop_described(class, head[1], owner)
  note_complete_since(class, owner, head[2], kept_for)
  note_oldest(class, owner, of or account or call('HGET', P .. 'endpoint:' .. owner, 'account') or nil, head[4])
  return class == 'log' and 0 or number, bytes
end
