-- upkeep: one bounded step of what nobody waits for.
--
-- ARGV: ENDPOINT_CONCURRENCY, RETENTION_SUCCEEDED (ms), RETENTION_FAILED (ms), the most deliveries to touch in each part.
-- Returns {leases taken back, deliveries swept, 1 if there is more to do now}.
-- Guarantees: each lease that is taken back, and each delivery that is swept, is accounted for exactly once. Leases wait
-- 20 s more after a gap in reaping (Redis, or every worker, was away): workers report first.
CAP, RETENTION_SUCCEEDED, RETENTION_FAILED = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local limit = tonumber(ARGV[4])
local now = read_clock()
local more = false

-- Expired leases -------------------------------------------------------------------------------------------------

local kept = call('HMGET', STATS, 'reapedAt', 'reapHold')
local hold = tonumber(kept[2]) or 0
if kept[1] and now - kept[1] > 10000 then
  hold = now + 20000
  call('HSET', STATS, 'reapHold', hold)
end
call('HSET', STATS, 'reapedAt', now)

local reaped = now >= hold and call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, limit) or {}
for _, delivery in ipairs(reaped) do
  local attempt = tonumber(string.match(call('HGET', TOKENS, delivery) or '', '|(%d+)|%d+$')) or 1
  local e = endpoint(endpoint_of(delivery))
  if e then
    e.in_flight = math.max(0, e.in_flight - 1)
    lost(e, delivery, attempt - 1, now)
  else
    finish(nil, delivery, 0)
    count('canceled')
  end
end
if #reaped > 0 then
  call('ZREM', LEASES, unpack(reaped))
  call('HDEL', TOKENS, unpack(reaped))
  more = #reaped == limit
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
    elseif what == 'release' and e then
      requeue('RPUSH', id, delivery)
    elseif what == 'forget' then
      call('DEL', record_of(delivery)) -- finished before
    else
      record_of(delivery) -- notes one that can't be read
      finish(e, delivery, size_of(delivery))
      count('canceled')
    end
  end
  swept = #entries
  if #entries < limit then
    call('LPOP', SWEEPS)
  end
  more = more or call('LLEN', SWEEPS) > 0
end

-- What was parked for too long, or takes too much space ------------------------------------------------------------

for _, id in ipairs(call('ZRANGEBYSCORE', DISABLED, '-inf', now, 'LIMIT', 0, 4)) do
  local e = endpoint(id)
  if not e or e.state ~= 'disabled' then
    call('ZREM', DISABLED, id)
  else
    local pending = P .. 'pending:' .. id
    local over = tonumber(call('HGET', P .. 'endpoint:' .. id, 'parkedLimit'))
    local next_look, exhausted = now + 3600000, 0
    for _ = 1, math.min(limit, 100) do
      local text = call('LINDEX', pending, 0)
      if not text then
        break
      end
      local delivery, attempts = parse_entry(text)
      local accepted = delivery and redis.pcall('HGET', P .. 'event:' .. event_of(delivery), 'acceptedAt')
      local too_old = now - whole(accepted) > RETENTION_FAILED
      local too_much = over and e.bytes > over
      if delivery and not too_old and not too_much then
        break
      end
      call('LPOP', pending)
      if delivery then
        exhaust(e, delivery, attempts, size_of(delivery), too_old and 'parked_too_long' or 'parked_overflow', now)
      else
        note_corrupt(id, text)
      end
      exhausted = exhausted + 1
    end
    swept = swept + exhausted
    if exhausted == math.min(limit, 100) then
      next_look, more = now, true
    end
    call('ZADD', DISABLED, next_look, id)
  end
end

local ready = false
for _, e in ipairs(touched) do
  settle(e)
  ready = ready or e.state == 'active'
end
if ready then
  wake()
end
flush()
return { #reaped, swept, more and 1 or 0 }
