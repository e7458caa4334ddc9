-- carries.lua: how many attempts an endpoint may have in flight: as many as its receiver carries, judged by its answers.
--
-- A receiver with few workers queues what is above their number, so its answers take longer the more are in flight. One with
-- many workers answers alike, however slow it is. So the limit starts at one, doubles while answers take about as long as they
-- usually do, and shrinks when they take much longer.
--
-- Each such answer doubles it as long as nothing could go wrong: while even a single worker would answer all of them long before
-- any times out. So a quick receiver is at its cap within a few round trips, and stays there, however few events come. Beyond
-- that, answers are judged in rounds of as many as may be in flight.
--
-- `carries` is what the endpoint's hash remembers: how long an answer takes with nothing beside it (ms), a ceiling (0: none), for
-- how many rounds that rests, for how many the next one will, how many at once came back in the last round, and of this round how
-- many answers came, their ms, and its start. It is empty while all answers are quick.

-- Answers that take over a quarter of the time that an attempt has are never welcome, unless the receiver is so slow at best.
-- `work` sets it (ms).
local SOON = 2500

-- How many an endpoint may have in flight.
local function cap_of(e)
  return math.max(1, math.min(e.limit, CAP))
end

-- How many an endpoint may have in flight now: half as many as the slots that are left to all others, so that receivers
-- that hang can't take them all before they are known to be slow. (The dynamic threshold of Choudhury and Hahne, 1998.) At
-- its limit an endpoint leaves its lane, as at its cap, until one of its attempts ends.
local function limit_of(e, free_slots)
  return math.min(cap_of(e), math.max(1, free_slots / 2))
end

-- One at a time, until a success shows that it is well: a new endpoint, and after a strike, a hold, or switching on. What is known
-- about the receiver stays known.
local function slow_start(e)
  e.limit = 1
end

local carries_text, carried, drowned
do
  -- Answers within so many ms tell nothing about queues: each just doubles the limit.
  local QUICK = 20

  local function memory_of(e)
    if not e.memory then
      local usual, ceiling, rest, patience, back, answers, ms, since =
        string.match(e.carries, '^(%S+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+) (%d+)')
      ceiling = tonumber(ceiling) or 0
      e.memory = {
        usual = tonumber(usual) or 0, ceiling = ceiling > 0 and ceiling or math.huge, rest = tonumber(rest) or 0,
        patience = tonumber(patience) or 4, back = tonumber(back) or 0, answers = tonumber(answers) or 0, ms = tonumber(ms) or 0,
        since = tonumber(since) or 0,
      }
    end
    return e.memory
  end

  -- The memory as it is stored.
  function carries_text(e)
    local m = e.memory
    if not m or not m.changed then
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

  -- Judges a round of answers.
  local function judge(e, m, limit, now)
    local usual, mean, slack = m.usual, m.ms / m.answers, slack_of(m.usual)
    local most = usual + slack
    if mean > most and mean < SOON and m.answers < 16 then
      return -- so few may have been slow by chance
    end
    -- How many of those in flight came back. If it is fewer, the rest wait for a place at the receiver (or nobody needs the limit).
    -- What is quick spends most of its time with us.
    local came_back = (m.ms + 10 * m.answers) / math.max(1, now - m.since)
    m.back = mean > QUICK and math.max(1, math.floor(came_back + 0.5)) or 0
    m.usual = math.max(QUICK, usual + (mean - usual) / (mean < usual and 8 or 64))
    m.answers, m.ms, m.since = 0, 0, now
    -- The ceiling rests, then rises with each round, until there is none.
    if m.rest > 0 then
      m.rest = m.rest - 1
    elseif m.ceiling < CAP then
      m.ceiling, m.patience = m.ceiling + 1, math.max(4, math.floor(m.patience * 7 / 8))
    end
    if mean > most then
      e.limit = math.max(1, math.min(limit - 1, math.floor(limit * math.max(0.5, most / mean))))
      if usual > 100 and m.rest <= 4 then
        m.ceiling, m.rest = e.limit, 4
      end
    elseif came_back >= 0.6 * limit or mean <= QUICK then
      -- Twice as many while a doubled queue would still be answered in time, else a quarter more; where an answer takes long at
      -- best, one more.
      local more = math.max(1, math.floor(limit / 4))
      if mean > SOON then
        more = 1
      elseif mean <= usual + slack / 2 and (mean < SOON / 10 or limit < 8) then
        more = limit
      end
      e.limit = math.max(limit, math.min(limit + more, m.ceiling, CAP))
    end
  end

  -- An attempt succeeded, after `ms`; when it was leased, `beside` were in flight, itself included.
  function carried(e, ms, beside)
    if e.limit == CAP and ms <= QUICK and e.carries == '' and not e.memory then
      return -- nearly all
    end
    local limit = cap_of(e)
    if e.carries == '' and not e.memory and (ms <= QUICK or limit >= CAP and ms <= QUICK + slack_of(QUICK)) then
      e.limit = math.min(CAP, limit * 2)
      return
    end
    local m = memory_of(e)
    if m.usual == 0 then
      m.usual = limit > 1 and QUICK or math.max(QUICK, ms)
    end
    local slack = slack_of(m.usual)
    local is_slow = ms > m.usual + slack
    -- A round begins with an answer that isn't well.
    local is_well = not is_slow and limit >= CAP and m.ceiling >= CAP and m.answers == 0
    if is_well and beside > 1 or is_slow and beside > limit then
      return -- what was leased before the limit shrank met what is over
    end
    m.changed = true
    if beside == 1 then
      m.usual = math.max(QUICK, m.usual + (ms - m.usual) / 8)
      if is_slow and ms > 100 then
        limit = math.min(limit, math.max(2, math.floor(SOON / 2 / ms))) -- it has become slower, so it may carry less
        e.limit = limit
      end
    end
    if is_well then
      return
    end
    -- So many would even a single worker answer within half of SOON.
    local now, harmless = read_clock(), math.min(2 * limit, math.floor(SOON / 2 / m.usual), m.ceiling, CAP)
    if harmless > limit and ms <= m.usual + slack / 2 then
      e.limit, m.answers, m.ms, m.since = harmless, 0, 0, now
      return
    end
    -- A round in which there was mostly nothing in flight is none.
    if m.answers == 0 or limit > 1 and now - m.since > 2 * (m.ms + ms) then
      m.answers, m.ms, m.since = 0, 0, math.max(m.since, now - ms)
    end
    m.answers, m.ms = m.answers + 1, m.ms + ms
    if m.answers >= limit then
      judge(e, m, limit, now)
    end
  end

  -- An attempt timed out. For a while no more are in flight than came back before: the longer, the sooner it happens again.
  function drowned(e)
    local m = memory_of(e)
    m.changed = true
    if m.rest < m.patience then
      m.patience = math.min(256, m.patience * 2)
    end
    local ceiling = math.min(m.ceiling, CAP)
    m.ceiling, m.rest = math.max(1, m.back > 0 and math.min(ceiling, m.back) or ceiling - 1), m.patience
    m.answers, m.ms, m.since = 0, 0, 0
  end
end
