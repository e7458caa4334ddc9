-- Idempotency keys: which event was accepted with one, and for what request ------------------------------------------------
--
-- Until schema 3 a key is a hash of its own (`idempotency:<a>:<hash>`, some 250 bytes). From then on an account's keys are in tables of
-- many small hashes (`idempotency:<a>:<table>:<number>`), each of which Redis keeps in one piece: some 75 bytes a key. A table takes
-- keys for half a day, or until it is full; then another is opened, which is larger if that went fast, and it goes as a whole.
-- `account:<a>:idempotency` has them: `<opened (ms)> <hashes> <keys>` for each.

-- For how long a table takes keys (ms), how many it takes for each of its hashes, how much larger the next one may be, and the most hashes.
local TAKES_FOR, EACH, GROWS, MOST_HASHES = 43200000, 64, 4, 1048576

local KEPT_FOR = tonumber(ARGV[KEY_LIFETIME])

local function time_now()
  look_once()
  return tonumber(accepted_at)
end

-- The tables of an account, the newest first.
local directories = {}
local function directory_of(account)
  local directory = directories[account]
  if not directory then
    directory = { name = P .. 'account:' .. account .. ':idempotency', start = P .. 'idempotency:' .. account .. ':', tables = {} }
    directories[account] = directory
    local read = call('HGETALL', directory.name)
    for i = 1, #read, 2 do
      local opened, hashes, keys = string.match(read[i + 1], '^(%d+) (%d+) (%d+)$')
      if opened then
        directory.tables[#directory.tables + 1] = { number = tonumber(read[i]), opened = tonumber(opened), hashes = tonumber(hashes),
          keys = tonumber(keys) }
      elseif read[i] == 'before' then
        directory.before = tonumber(read[i + 1])
      end
    end
    table.sort(directory.tables, function(one, other) return one.number > other.number end)
  end
  return directory
end

-- The hash of a table in which a key is, and its field there.
local function place_of(directory, one, key)
  local number = tonumber(string.sub(key, 1, 6), 16) % one.hashes
  return directory.start .. one.number .. string.format(':%d', number), string.sub(key, 7, 26)
end

-- Until when the account may have keys of before schema 3 (ms): its first table notes that.
local function before_until(directory)
  if not directory.before then
    local raised = not directory.tables[1] and tonumber(call('HGET', META, 'raisedAt'))
    directory.before = raised and raised + KEPT_FOR or 0
  end
  return directory.before
end

-- What a key was used for, as `use_of` has it; nil if it is new.
local function first_use(account, key)
  local directory = SCHEMA >= 3 and directory_of(account)
  if directory then
    for _, one in ipairs(directory.tables) do
      local name, field = place_of(directory, one, key)
      local use = one.opened + TAKES_FOR + KEPT_FOR > time_now() and call('HGET', name, field)
      if use then
        local after, deliveries, parts = string.match(use, '^(%d+) (%d+) (.+)$', 27)
        if after and one.opened + after * 1000 + KEPT_FOR > time_now() then
          return { false, 'evt_' .. string.sub(use, 1, 26), deliveries, parts }
        end
      end
    end
    if before_until(directory) <= time_now() then
      return nil
    end
  end
  local plain, quoted = spellings_of(account, key)
  return call('EXISTS', plain, quoted) > 0 and (use_of(plain) or use_of(quoted)) or nil
end

-- How many hashes the next table has: as many as take what the last one would have taken in the whole time.
local function hashes_after(last)
  local hashes = 1
  if last then
    local expected = last.keys * TAKES_FOR / math.max(1, time_now() - last.opened)
    while hashes * EACH < expected and hashes < GROWS * last.hashes and hashes < MOST_HASHES do
      hashes = 2 * hashes
    end
  end
  return hashes
end

local function open_table(directory)
  local last, gone = directory.tables[1], {}
  local one = { number = last and last.number + 1 or 1, opened = time_now(), hashes = hashes_after(last), keys = 0 }
  for _, old in ipairs(directory.tables) do
    if old.opened + TAKES_FOR + KEPT_FOR <= time_now() then
      gone[#gone + 1] = old.number
    end
  end
  if #gone > 0 then
    call('HDEL', directory.name, unpack(gone))
  end
  if before_until(directory) > time_now() then
    call('HSET', directory.name, 'before', string.format('%d', directory.before))
  end
  table.insert(directory.tables, 1, one)
  directory.is_new = true
  return one
end

-- Remembers what a key was used for; what was looked for with `first_use` before.
local function remember(account, key, fingerprint, id, deliveries)
  if SCHEMA < 3 then
    local _, _, spelled = spellings_of(account, key)
    return enter(spelled, fingerprint, id, deliveries)
  end
  local directory = directory_of(account)
  local one = directory.tables[1]
  if not one or one.keys >= one.hashes * EACH or one.opened + TAKES_FOR <= time_now() then
    one = open_table(directory)
  end
  local name, field = place_of(directory, one, key)
  local after = math.ceil((time_now() - one.opened) / 1000)
  local use = string.format('%s%d %d %s', string.sub(id, 5), after, deliveries, string.sub(fingerprint, 1, LENGTH))
  one.keys, directory.is_changed = one.keys + call('HSET', name, field, use), true
  call('PEXPIRE', name, string.format('%d', one.opened + TAKES_FOR + KEPT_FOR + 1000 - time_now()), 'NX')
end

-- Writes what has changed of the tables.
local function write_directories()
  for _, directory in pairs(directories) do
    local one = directory.is_changed and directory.tables[1]
    if one then
      call('HSET', directory.name, one.number, string.format('%d %d %d', one.opened, one.hashes, one.keys))
    end
    if directory.is_new then
      call('PEXPIRE', directory.name, string.format('%d', TAKES_FOR + KEPT_FOR + 2000))
    end
  end
end
