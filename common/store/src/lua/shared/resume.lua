-- resume.lua: an endpoint whose owner wants that (`autoResume`) is probed while it is disabled for failures: one parked delivery is
-- attempted, after a minute, then after twice as long each time, up to an hour. A success switches it on. A probe is none of its
-- delivery's attempts, and no strike.
--
-- `resumeAt` says when the next probe is due, `resumeWait` after how long (ms), `probe` which delivery is sent as one.

local FIRST_WAIT, LONGEST_WAIT = 60000, 3600000

-- Plans the next probe of an endpoint, `wait` from now.
local function plan_resume(id, wait)
  local at = read_clock() + wait
  call('HSET', P .. 'endpoint:' .. id, 'resumeAt', text_of(at), 'resumeWait', text_of(wait))
  call('HDEL', P .. 'endpoint:' .. id, 'probe')
  call('ZADD', P .. 'chores', text_of(at), 'resume ' .. id)
end

-- No probe is planned any more.
local function end_resume(id)
  call('HDEL', P .. 'endpoint:' .. id, 'resumeAt', 'resumeWait', 'probe')
  call('ZREM', P .. 'chores', 'resume ' .. id)
end

-- Whether an endpoint is to be probed: it is disabled for failures, and its owner wants it back by itself.
local function resumes(id)
  local v = call('HMGET', P .. 'endpoint:' .. id, 'state', 'disabledReason', 'autoResume')
  return v[1] == 'disabled' and v[2] == 'consecutive_failures' and v[3] == '1'
end

-- A probe failed: the next one waits for twice as long.
local function probe_again(id)
  local wait = tonumber(call('HGET', P .. 'endpoint:' .. id, 'resumeWait')) or FIRST_WAIT / 2
  plan_resume(id, math.min(LONGEST_WAIT, wait * 2))
end
