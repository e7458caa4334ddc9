-- carries.lua: how many attempts an endpoint may have in flight: as many as its receiver carries, judged by its answers.
--
-- A receiver with few workers queues what is above their number, so its answers take longer the more are in flight. One with
-- many workers answers alike, however slow it is. So the limit starts at one, doubles while answers take about as long as they
-- usually do, and shrinks when they take much longer. Quick answers tell nothing about queues: each just doubles it.
--
-- Answers are judged in rounds of as many as may be in flight. `carries` is what the endpoint's hash remembers: how long an answer
-- takes with nothing beside it (ms), a ceiling (0: none), for how many rounds that rests, for how many the next one will, how
-- many at once came back in the last round, and of this round how many answers came, their ms, and its start. It is empty while
-- all answers are quick.

-- Answers that take over a quarter of the time that an attempt has are never welcome, unless the receiver is so slow at best.
-- `work` sets it (ms).
local SOON = 2500

-- How many an endpoint may have in flight.
local function cap_of(e)
  return math.max(1, math.min(e.limit, CAP))
end

-- One at a time, until a success shows that it is well: a new endpoint, and after a strike, a hold, or switching on. What is known
-- about the receiver stays known.
local function slow_start(e)
  e.limit = 1
end

local carries_text, carried, drowned
do
  -- Answers within so many ms tell nothing about queues.
  local QUICK = 20

  local function memory_of(e)
    if not e.memory then
      local v = {}
      for number in string.gmatch(e.carries, '%S+') do
        v[#v + 1] = tonumber(number)
      end
      local ceiling = v[2] or 0
      e.memory = {
        usual = v[1] or 0, ceiling = ceiling > 0 and ceiling or math.huge, rest = v[3] or 0, patience = v[4] or 4,
        back = v[5] or 0, answers = v[6] or 0, ms = v[7] or 0, since = v[8] or 0,
      }
    end
    return e.memory
  end

  -- The memory as it is stored.
  function carries_text(e)
    local m = e.memory
    if not m then
      return e.carries
    elseif m.usual <= QUICK and m.ceiling >= CAP and m.answers == 0 then
      return ''
    end
    return string.format('%.1f %d %d %d %d %d %d %d', m.usual, m.ceiling < CAP and m.ceiling or 0, m.rest, m.patience, m.back,
      m.answers, m.ms, m.since)
  end

  -- How much longer than usual an answer may take: twice as long again, but not beyond SOON; 50 ms at least, for noise.
  local function slack_of(usual)
    return math.min(math.max(50, 2 * usual), math.max(SOON - usual, usual / 4))
  end

  local function towards(usual, ms, weight)
    return math.max(QUICK, usual + (ms - usual) / weight)
  end

  -- The ceiling rests, then rises with each round, until there is none.
  local function age_ceiling(m)
    if m.rest > 0 then
      m.rest = m.rest - 1
    elseif m.ceiling < CAP then
      m.ceiling, m.patience = m.ceiling + 1, math.max(4, math.floor(m.patience * 7 / 8))
    end
  end

  -- A higher limit: twice as many while a doubled queue would still be answered in time, else a quarter more; where an answer
  -- takes long at best, one more.
  local function next_limit(limit, mean, usual, slack)
    if mean > SOON then
      return limit + 1
    elseif mean <= usual + slack / 2 and (mean < SOON / 10 or limit < 8) then
      return limit * 2
    end
    return limit + math.max(1, math.floor(limit / 4))
  end

  -- Judges a round of answers.
  local function judge(e, m, limit, now)
    local mean, slack = m.ms / m.answers, slack_of(m.usual)
    local most = m.usual + slack
    if mean > most and mean < SOON and m.answers < 16 then
      return -- so few may have been slow by chance
    end
    -- How many of those in flight came back. If it is fewer, the rest wait for a place at the receiver (or nobody needs the limit).
    -- What is quick spends most of its time with us.
    local came_back = (m.ms + 10 * m.answers) / math.max(1, now - m.since)
    m.back = mean > QUICK and math.max(1, math.floor(came_back + 0.5)) or 0
    local usual = m.usual
    m.usual = towards(usual, mean, mean < usual and 8 or 64)
    m.answers, m.ms, m.since = 0, 0, now
    age_ceiling(m)
    if mean > most then
      e.limit = math.max(1, math.min(limit - 1, math.floor(limit * math.max(0.5, most / mean))))
      if usual > 100 and m.rest <= 4 then
        m.ceiling, m.rest = e.limit, 4
      end
    elseif came_back >= 0.6 * limit or mean <= QUICK then
      e.limit = math.max(limit, math.min(next_limit(limit, mean, usual, slack), m.ceiling, CAP))
    end
  end

  -- An attempt succeeded, after `ms`; when it was leased, `beside` were in flight, itself included.
  function carried(e, ms, beside)
    local limit = cap_of(e)
    if e.carries == '' and not e.memory and (ms <= QUICK or limit >= CAP and ms <= QUICK + slack_of(QUICK)) then
      e.limit = math.min(CAP, limit * 2)
      return
    end
    local m, now = memory_of(e), read_clock()
    if m.usual == 0 then
      m.usual = limit > 1 and QUICK or math.max(QUICK, ms)
    end
    local is_slow = ms > m.usual + slack_of(m.usual)
    if beside > limit and is_slow then
      return -- leased before the limit shrank, so what it met is over
    elseif beside == 1 then
      if is_slow and ms > 100 then
        limit = math.min(limit, 2) -- the receiver has become slower, so what it carried may be too much
        e.limit = limit
      end
      m.usual = towards(m.usual, ms, 8)
    end
    if m.answers == 0 then
      if limit >= CAP and m.ceiling >= CAP and not is_slow then
        return -- all is well: a round begins with an answer that isn't
      end
      m.since = math.max(m.since, now - ms)
    end
    m.answers, m.ms = m.answers + 1, m.ms + ms
    if m.answers >= limit then
      judge(e, m, limit, now)
    end
  end

  -- An attempt timed out. For a while no more are in flight than came back before: the longer, the sooner it happens again.
  function drowned(e)
    local m = memory_of(e)
    if m.rest < m.patience then
      m.patience = math.min(256, m.patience * 2)
    end
    local ceiling = math.min(m.ceiling, CAP)
    m.ceiling, m.rest = math.max(1, m.back > 0 and math.min(ceiling, m.back) or ceiling - 1), m.patience
    m.answers, m.ms, m.since = 0, 0, 0
  end
end
