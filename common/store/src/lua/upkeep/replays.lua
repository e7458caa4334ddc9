-- Replays of many ------------------------------------------------------------------------------------------------

-- What an account's replays send again may have been packed, and only a worker can unpack it: it is given them, and this much time (ms)
-- until another one is.
local CLAIMED_FOR = 1000
local handed_over = {}

-- One step of a replay of many: makes as many as the pending list has room for.
local function step_replay(id)
  local job = replay_job(id)
  local e = job.endpoint and endpoint(job.endpoint)
  if not e then
    call('DEL', P .. 'replay:' .. id)
    call('ZREM', REPLAYS, id)
  elseif call('EXISTS', P .. 'account:' .. e.account .. ':history') == 1 then
    handed_over[#handed_over + 1] = id
    call('ZADD', REPLAYS, text_of(now + CLAIMED_FOR), id)
  else
    local sources, has_more = sources_after(job, e.id, math.min(room_for_replays(e), limit))
    make_replays(id, job, e, sources, has_more)
  end
end

for _, id in ipairs(call('ZRANGEBYSCORE', REPLAYS, '-inf', now, 'LIMIT', 0, 2)) do
  step_replay(id)
end
local next_replay = call('ZRANGE', REPLAYS, 0, 0, 'WITHSCORES')
local look_again = next_replay[2] and math.max(0, next_replay[2] - now) or -1
