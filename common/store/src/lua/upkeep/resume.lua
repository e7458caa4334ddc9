-- Endpoints that are probed while they are disabled ----------------------------------------------------------------------

-- A worker takes a probe at once; if that was forgotten, it is offered again after this time (ms).
local OFFERED_AGAIN_AFTER = 5000

-- Offers the oldest delivery that is parked at an endpoint as a probe: at the head of its list, and the endpoint in its lane.
local function step_resume(id)
  local e, chore = endpoint(id), 'resume ' .. id
  if not e or not resume.is_wanted(e) then
    if e then
      resume.finish(id)
    end
    call('ZREM', P .. 'chores', chore)
    return
  end
  local v = call('HMGET', P .. 'endpoint:' .. id, 'resumeAt', 'probe')
  local due = tonumber(v[1]) or now
  if due > now then
    call('ZADD', P .. 'chores', text_of(due), chore)
    return
  elseif v[2] and call('HEXISTS', TOKENS, v[2]) == 1 then
    call('ZADD', P .. 'chores', text_of(now + OFFERED_AGAIN_AFTER), chore)
    return
  end
  if not score_retries(id, limit) then
    return -- the oldest is known after the next step
  end
  for _, one in ipairs(oldest_waiting(id, LOOKED_AT)) do
    if not one.is_suspect then
      one.take()
      if one.attempts then
        call('LPUSH', P .. 'pending:' .. id, entry(one.delivery, one.attempts))
      else
        requeue('LPUSH', id, one.delivery)
      end
      call('HSET', P .. 'endpoint:' .. id, 'probe', one.delivery)
      call('ZADD', P .. 'chores', text_of(now + OFFERED_AGAIN_AFTER), chore)
      e.is_probed = true
      return
    end
  end
  -- Nothing to probe with: `accept` brings this forward when something comes.
  call('HDEL', P .. 'endpoint:' .. id, 'probe')
  call('ZADD', P .. 'chores', text_of(now + resume.LONGEST), chore)
end
