-- history_find: finds a series that has enough to be packed, and claims it.
--
-- ARGV[FROM]: how many accounts to pass over, in the order of what they have unpacked. ARGV[WORTH]: a block's worth of payloads (bytes
-- that they are charged), which has been finished for ARGV[AGE] (ms), or ARGV[MOST] events; ARGV[LEAST]: what is packed after ARGV[LEAST_AFTER] (ms), or
-- once it is ARGV[LEAST_AGE] (ms) old if ARGV[IS_PRESSED] is 1. The same of logs: ARGV[LOG_WORTH], ARGV[LOG_LEAST] entries, besides the
-- newest ARGV[LOG_KEPT].
-- Returns {class, owner, account, whether its block needn't be full} or {}, and how many accounts the next call has to pass over; 0 to begin again.
-- Guarantees: nobody else is given that series for ARGV[CLAIM] (ms). A store in an older form has nothing to pack, nor has an account that is
-- being erased, or moves to another shard.
local now = read_clock()
local PACKING, CLAIMED_UNTIL = P .. 'packing', text_of(now + tonumber(ARGV[CLAIM]))
local LOOK_AGAIN = 60000
if SCHEMA < 3 then
  return { {}, 0 }
end

-- Whether a block needn't be full: memory is short, or something has waited for so long since that time (ms).
local function takes_little(oldest)
  return ARGV[IS_PRESSED] == '1' or oldest <= now - tonumber(ARGV[LEAST_AFTER])
end
local function suffices(amount, worth, least, oldest)
  return amount >= worth or amount >= least and takes_little(oldest)
end

local function is_long_enough(id)
  local key = P .. 'log:' .. id
  local length = call('XLEN', key) - tonumber(ARGV[LOG_KEPT])
  if length < tonumber(ARGV[LOG_LEAST]) then
    return false, true
  end
  local oldest = tonumber(string.match(call('XRANGE', key, '-', '+', 'COUNT', 1)[1][1], '^%d+'))
  return suffices(length, tonumber(ARGV[LOG_WORTH]), tonumber(ARGV[LOG_LEAST]), oldest), false, takes_little(oldest)
end

-- The next log that has enough: {'log', endpoint, account, whether its block needn't be full}.
local function find_log()
  for _, series in ipairs(call('ZRANGEBYSCORE', PACKING, '-inf', now, 'LIMIT', 0, 32)) do
    local id = string.match(series, '^log:(.+)$')
    local account = id and call('HGET', P .. 'endpoint:' .. id, 'account')
    local is_enough, is_short, little
    if account then
      is_enough, is_short, little = is_long_enough(id)
    end
    if not account or is_short then
      call('ZREM', PACKING, series)
    elseif is_enough and not terms.is_left_alone(account) then
      call('ZADD', PACKING, CLAIMED_UNTIL, series)
      return { 'log', id, account, little and 1 or 0 }
    else
      call('ZADD', PACKING, text_of(now + LOOK_AGAIN), series)
    end
  end
end

-- Whether enough of an account's events have been finished for long enough: so many bytes of all that it has, going by their average.
local function are_due(class, account, bytes, little)
  local list = P .. 'account:' .. account .. ':' .. class
  local needed = math.ceil(call('LLEN', list) * tonumber(little and ARGV[LEAST] or ARGV[WORTH]) / bytes)
  local last = call('LINDEX', list, math.max(0, math.min(needed, tonumber(ARGV[MOST])) - 1))
  local at = last and tonumber(string.match(last, '^%d+'))
  return not at or at * 1000 <= now - tonumber(little and ARGV[LEAST_AGE] or ARGV[AGE])
end

-- The account with the most that isn't packed: {class, account, account, whether its block needn't be full}; or nil, and how many
-- accounts the next look has to pass over.
local function find_events()
  local from, most, is_end = tonumber(ARGV[FROM]), 32, true
  for _, class in ipairs({ 'delivered', 'exhausted' }) do
    local found = call('ZRANGE', P .. 'finished:' .. class .. ':bytes', from, from + most - 1, 'REV', 'WITHSCORES')
    for i = 1, #found, 2 do
      local account, bytes = found[i], tonumber(found[i + 1])
      if bytes < tonumber(ARGV[LEAST]) then
        break
      end
      is_end = is_end and i + 1 < 2 * most
      local oldest = (tonumber(call('ZSCORE', P .. 'finished:' .. class, account)) or math.huge) * 1000
      local series, little = class .. ':' .. account, takes_little(oldest)
      if suffices(bytes, tonumber(ARGV[WORTH]), tonumber(ARGV[LEAST]), oldest) and are_due(class, account, bytes, little)
        and not terms.is_left_alone(account) and (tonumber(call('ZSCORE', PACKING, series)) or 0) <= now then
        call('ZADD', PACKING, CLAIMED_UNTIL, series)
        return { class, account, account, little and 1 or 0 }, from
      end
    end
  end
  return nil, is_end and 0 or from + most
end

-- Payloads and logs take turns. Payloads free more, so they come first while memory is short.
local found, from
if ARGV[IS_PRESSED] == '1' or whole(call('HGET', STATS, 'blocksWritten')) % 2 == 1 then
  found, from = find_events()
  found = found or find_log()
else
  found, from = find_log(), tonumber(ARGV[FROM])
  if not found then
    found, from = find_events()
  end
end
return { found or {}, from }
