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
    local delivery, outcome, is_test = attempt_in(logged[2])
    found[#found + 1] = { '(' .. logged[1], outcome == 'succeeded' and not is_test and delivery or nil }
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
