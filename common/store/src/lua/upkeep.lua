-- upkeep: one bounded step of what nobody waits for.
--
-- Returns {leases taken back, deliveries swept, 1 if there is more to do now, ms until a replay wants its next step (-1:
-- none), {events, bytes} released at their age, {events, bytes} released early}.
-- Guarantees: each lease that is taken back, and each delivery that is swept or replayed, is accounted for exactly once. Leases wait
-- as long again after a gap in reaping (Redis, or every worker, was away, or the clock was set): workers report first.
CAP, LOG_LENGTH, SPARE = tonumber(ARGV[ENDPOINT_CONCURRENCY]), ARGV[LOG_LENGTH], ARGV[SPARE]
RETENTION_SUCCEEDED, RETENTION_FAILED = ARGV[RETENTION_SUCCEEDED], ARGV[RETENTION_FAILED]
local limit = tonumber(ARGV[MOST])
local now = read_clock()

-- Gaps and clocks ---------------------------------------------------------------------------------------------------

local kept = call('HMGET', STATS, 'reapedAt', 'reapHold', 'ageHold')
local hold, age_hold = tonumber(kept[2]) or 0, tonumber(kept[3]) or 0
local gap = kept[1] and now - kept[1] or 0
if gap > 10000 then
  hold = now + tonumber(ARGV[LEASE])
  call('HSET', STATS, 'reapHold', hold)
end
-- The clock went on by a minute more than time did: it is ahead, or was behind. For ten minutes nobody's age is believed, so
-- that it can be set right.
if gap > 60000 and gap - (tonumber(ARGV[SINCE_LAST]) or gap) > 60000 then
  age_hold = now + 600000
  call('HSET', STATS, 'ageHold', age_hold)
end
call('HSET', STATS, 'reapedAt', now)

-- Payloads of finished events ---------------------------------------------------------------------------------------

local aged, early, more = release(tonumber(ARGV[ROOM]), age_hold)

-- Leases that expired -----------------------------------------------------------------------------------------------

local reaped = now >= hold and call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, limit) or {}
for _, delivery in ipairs(reaped) do
  local token = call('HGET', TOKENS, delivery) or ''
  local attempt = tonumber(string.match(token, '|(%d+)|%d+$')) or 1
  local e = endpoint(endpoint_of(delivery))
  if e then
    e.in_flight = math.max(0, e.in_flight - 1)
    lost(e, delivery, attempt - 1, judge(delivery, token))
  else
    cancel(nil, delivery, 0)
  end
end
if #reaped > 0 then
  call('ZREM', LEASES, unpack(reaped))
  call('HDEL', TOKENS, unpack(reaped))
  more = more or #reaped == limit
end

-- What was released, discarded or removed ----------------------------------------------------------------------------

-- A job is `<release|cancel|forget> <endpoint> <key> <list|zset>`; the key holds what was set aside in one step.
local swept = 0
local job = call('LINDEX', SWEEPS, 0)
if job then
  local what, id, key, type = string.match(job, '^(%l+) (%S+) (%S+) (%l+)$')
  local entries = {}
  if key and type == 'list' then
    entries = call('LPOP', key, limit) or {}
  elseif key then
    local popped = call('ZPOPMIN', key, limit)
    for i = 1, #popped, 2 do
      entries[#entries + 1] = popped[i]
    end
  end
  local e = key and endpoint(id)
  for _, text in ipairs(entries) do
    local delivery = parse_entry(text)
    if not delivery then
      note_corrupt(id, text)
    elseif what == 'release' and e and e.state ~= 'active' then
      park(id, delivery) -- it was switched off, or disabled, meanwhile
    elseif what == 'release' and e then
      requeue('RPUSH', id, delivery)
    elseif what == 'forget' then
      call('DEL', record_of(delivery)) -- finished before
    else
      cancel(e, delivery, size_of(delivery))
    end
  end
  swept = #entries
  if #entries < limit then
    call('LPOP', SWEEPS)
    if what == 'release' and e then
      name_releases(id, releases_of(id))
    end
  end
  more = more or call('LLEN', SWEEPS) > 0
end

-- What was parked for too long, or takes too much space ------------------------------------------------------------

-- A program of the previous release enters disabled endpoints under this name.
local entered_before = call('ZPOPMIN', P .. 'disabled', limit)
for i = 1, #entered_before, 2 do
  call('ZADD', PARKED, 'LT', now, entered_before[i])
end

local room, looked_at = math.ceil(limit / 2), call('ZRANGEBYSCORE', PARKED, '-inf', now, 'LIMIT', 0, 4)
for _, id in ipairs(looked_at) do
  local e = endpoint(id)
  if not e or e.state == 'active' then
    call('ZREM', PARKED, id)
  elseif room > 0 then
    local exhausted, next_look = exhaust_parked(e, now, room, age_hold)
    room, swept = room - exhausted, swept + exhausted
    more = more or next_look <= now
    call('ZADD', PARKED, next_look, id)
  end
end
more = more or #looked_at == 4

-- Replays of many ------------------------------------------------------------------------------------------------

-- Replays wait for their turn like other deliveries, and live traffic waits behind them, which must not take long: a step makes as
-- many of them as fill the pending list up to this length, and a few if it is longer.
local FILLED_UP_TO = 64

-- The finished deliveries that come after the job's position, as pairs of position and delivery.
local function sources_after(job, id, most)
  local found = {}
  if job.status == 'exhausted' then
    local key = P .. 'failed:' .. id
    local score, member = string.match(job.position, '^(%S+) ?(%S*)$')
    local rank = member ~= '' and call('ZRANK', key, member)
    local members = rank and call('ZRANGE', key, rank + 1, rank + most, 'WITHSCORES')
      or call('ZRANGEBYSCORE', key, member == '' and score or '(' .. score, '+inf', 'WITHSCORES', 'LIMIT', 0, most)
    for i = 1, #members, 2 do
      if tonumber(members[i + 1]) <= tonumber(job['until']) then
        found[#found + 1] = { members[i + 1] .. ' ' .. members[i], members[i] }
      end
    end
    return found, #members == 2 * most and #found == most
  end
  local entries = call('XRANGE', P .. 'log:' .. id, job.position, job['until'], 'COUNT', most)
  for _, logged in ipairs(entries) do
    local fields = {}
    for i = 1, #logged[2], 2 do
      fields[logged[2][i]] = logged[2][i + 1]
    end
    local is_source = fields.outcome == 'succeeded' and not fields.test
    found[#found + 1] = { '(' .. logged[1], is_source and fields.delivery or nil }
  end
  return found, #entries == most
end

-- One step of a replay of many: makes as many as the pending list has room for.
local function step_replay(id)
  local key, job, texts = P .. 'replay:' .. id, {}, call('HGETALL', P .. 'replay:' .. id)
  for i = 1, #texts, 2 do
    job[texts[i]] = texts[i + 1]
  end
  local e = job.endpoint and endpoint(job.endpoint)
  if not e then
    call('DEL', key)
    call('ZREM', REPLAYS, id)
    return
  end
  local waiting = e.state == 'active' and call('LLEN', P .. 'pending:' .. e.id) or 0
  local most = math.min(math.max(8, FILLED_UP_TO - waiting), FILLED_UP_TO, limit)
  local sources, has_more = sources_after(job, e.id, most)
  local made, skipped, waits = whole(job.made), whole(job.skipped), 50
  for _, source in ipairs(sources) do
    local position, delivery = source[1], source[2]
    if delivery and is_replay(delivery) then
      skipped = skipped + 1 -- what it repeats is found by itself
    elseif delivery then
      local number = made + skipped
      local suffix = string.sub(id, -4) .. base32(number, 4)
      local sent = send_again(e, delivery, replay_of(delivery, suffix), whole(job.budget), { 'replay', id })
      if sent == 'over_budget' then
        has_more, waits = true, 5000
        break
      end
      made, skipped = sent and made + 1 or made, sent and skipped or skipped + 1
    end
    job.position = position
  end
  call('HSET', key, 'position', job.position, 'made', made, 'skipped', skipped)
  if has_more then
    call('ZADD', REPLAYS, now + waits, id)
  else
    end_replay(id, 'finished')
  end
end

for _, id in ipairs(call('ZRANGEBYSCORE', REPLAYS, '-inf', now, 'LIMIT', 0, 2)) do
  step_replay(id)
end
local next_replay = call('ZRANGE', REPLAYS, 0, 0, 'WITHSCORES')
local look_again = next_replay[2] and math.max(0, next_replay[2] - now) or -1

local ready = false
for _, e in ipairs(touched) do
  settle(e)
  ready = ready or e.state == 'active'
end
if ready then
  wake()
end
flush()
return { #reaped, swept, more and 1 or 0, look_again, aged, early }
