-- resume.lua: an endpoint whose owner wants that (`autoResume`) is probed while it is disabled for failures: one parked delivery is
-- attempted, after a minute, then after twice as long each time, up to an hour. A success switches it on. A probe is none of its
-- delivery's attempts, and no strike.
--
-- `resumeAt` says when the next probe is due, `resumeWait` after how long (ms), `probe` which delivery is sent as one.

-- How long the first probe waits, and the longest wait (ms).
local resume = { FIRST = 60000, LONGEST = 3600000 }

-- Plans the next probe of an endpoint, `wait` from now.
resume.plan = function(id, wait)
  local at = read_clock() + wait
  call('HSET', P .. 'endpoint:' .. id, 'resumeAt', text_of(at), 'resumeWait', text_of(wait))
  call('HDEL', P .. 'endpoint:' .. id, 'probe')
  call('ZADD', P .. 'chores', text_of(at), 'resume ' .. id)
end

-- No probe is planned any more.
resume.finish = function(id)
  call('HDEL', P .. 'endpoint:' .. id, 'resumeAt', 'resumeWait', 'probe')
  call('ZREM', P .. 'chores', 'resume ' .. id)
end

-- Whether an endpoint is to be probed: it is disabled for failures, its owner wants it back by itself, and nobody had paused it.
resume.is_wanted = function(e)
  local v = e.state == 'disabled' and call('HMGET', P .. 'endpoint:' .. e.id, 'disabledReason', 'autoResume', 'pausedBefore') or {}
  return v[1] == 'consecutive_failures' and v[2] == '1' and not v[3] and not operator.pauses(e.id)
end

-- A probe failed: the next one waits for twice as long, and for at least as long as its receiver asked for (ms).
resume.again = function(id, asked)
  local wait = tonumber(call('HGET', P .. 'endpoint:' .. id, 'resumeWait')) or resume.FIRST / 2
  resume.plan(id, math.max(asked, math.min(resume.LONGEST, wait * 2)))
end
