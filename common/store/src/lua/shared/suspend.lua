-- suspend.lua: what an operator decides begins and ends. What its owner wants of an endpoint stays as it is.

-- One name for all of it: a script may have 200 local variables.
local suspend = {}
do
  -- So many endpoints of an account are looked at in a step.
  local MOST_SUSPENDED = 32

  -- The text of a hold (see operator.lua), '' for none. One that says the same goes on since when it began.
  suspend.text = function(known, action, rate, reason)
    local was, was_rate, was_reason = string.match(known, '^(%l+) (%d+) %d+ (.*)$')
    if action == '' then
      return ''
    elseif was == action and was_rate == rate and was_reason == reason then
      return known
    end
    return action .. ' ' .. rate .. ' ' .. text_of(read_clock()) .. ' ' .. reason
  end

  -- What the endpoint's log says of a hold.
  local function reason_of(text)
    return text == '' and 'operator_resumed' or string.sub(text, 1, 6) == 'pause ' and 'operator_paused' or 'operator_throttled'
  end

  -- Changes one of an endpoint's holds.
  suspend.set = function(e, field, text, operation)
    local key, wanted = P .. 'endpoint:' .. e.id, operator.wanted_rate(e.id)
    if (call('HGET', key, field) or '') == text then
      return
    elseif text == '' then
      call('HDEL', key, field)
    else
      call('HSET', key, field, text)
    end
    operator.set_rate(e, wanted)
    local is_paused = operator.pauses(e.id)
    if is_paused then
      resume.finish(e.id)
    elseif resume.is_wanted(e) and call('HEXISTS', key, 'resumeAt') == 0 then
      resume.plan(e.id, resume.FIRST)
    end
    if not is_paused and e.state == 'suspended' then
      serve_again(e, reason_of(text))
      releases.begin(e, operation)
    else
      if is_paused and e.state == 'active' then
        stop(e, 'suspended')
      end
      log_state(e.id, operator.aside(e.state), reason_of(text))
    end
    settle(e)
    set_timer(e)
    set_route(e.id)
  end

  -- Gives the endpoints of an account its hold, from behind this one on. Returns the last one of a step if there are more: then upkeep
  -- goes on as well, in case the caller doesn't.
  suspend.all = function(account, behind, operation)
    local chore, ids = 'suspend ' .. account .. ' ', try('HKEYS', P .. 'account:' .. account .. ':endpoints')
    call('ZREM', P .. 'chores', chore .. behind)
    if ids.err then
      return ''
    end
    table.sort(ids)
    local text, looked_at, last = call('GET', operator.key_of(account)) or '', 0, behind
    for _, id in ipairs(ids) do
      if id > behind and looked_at == MOST_SUSPENDED then
        call('ZADD', P .. 'chores', text_of(read_clock()), chore .. last)
        return last
      elseif id > behind then
        looked_at, last = looked_at + 1, id
        local e = endpoint(id)
        if e then
          suspend.set(e, 'accountHold', text, id .. '-' .. operation)
        end
      end
    end
    return ''
  end
end
