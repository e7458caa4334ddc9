-- recent.lua: how an endpoint's latest attempts went: what its owner sees at a glance, without a look into the log.
--
-- `recent` of the endpoint is `<hour> <succeeded> <failed> <marks>`: how many attempts succeeded and failed in that hour, and a character
-- for each of the last 100 attempts, oldest first. When another hour begins, the counts of the last one go to `hours`, as
-- `<hour>:<succeeded>:<failed>`, and what is older than 24 hours to `days`, likewise. Attempts that are held don't count, but one that was a
-- strike is told in `lastError` like any other.
-- Programs of an older release leave it all as it is. Whoever counts attempts knows as well when a log has grown by so many that it is
-- to be looked at; the first of each hour counts for what the last hour had left.
local note_recent, note_error
do
  -- How long an attempt took, on a scale from 1 ms on, each step 1.25 times as long as the one before: 47 characters from `!` on, and for
  -- failed attempts the 47 behind those.
  local STEPS, SCALE, FIRST, MOST = 47, 0.22314355131421, 33, 100 -- SCALE: the logarithm of 1.25
  local HOURS, DAYS = 24, 90

  -- A log is looked at whenever it has so many attempts more.
  local GROWN = 256

  local function mark(ms, from)
    local step = math.floor(math.log(math.max(1, tonumber(ms) or 1)) / SCALE)
    return string.char(from + math.min(step, STEPS - 1))
  end
  local mark_of_success = remembered(function(ms)
    return mark(ms, FIRST)
  end)

  -- Notes what went wrong last: `<status or -> <code> <detail>`.
  function note_error(e, failure)
    set(e, 'lastError', text_of(read_clock()) .. ' ' .. failure)
  end

  -- Notes an attempt, which `flush` writes with all else of the endpoint. `failure`: as above, if it failed.
  function note_recent(e, ms, failure)
    local recent = e.recent
    if not recent then
      recent = { succeeded = 0, failed = 0, marks = '' }
      e.recent = recent
    end
    if not failure then
      recent.succeeded, recent.marks = recent.succeeded + 1, recent.marks .. mark_of_success(ms)
    else
      recent.failed, recent.marks = recent.failed + 1, recent.marks .. mark(ms, FIRST + STEPS)
      note_error(e, failure)
    end
  end

  -- Moves the counts of an hour that is over to where the past is.
  local function put_away(e, last, hour)
    local kept = call('HMGET', P .. 'endpoint:' .. e.id, 'hours', 'days')
    local today, hours, days, by_day = math.floor(hour / 24), {}, {}, {}
    local function add(day, succeeded, failed)
      local counts = by_day[day] or { 0, 0 }
      by_day[day] = counts
      counts[1], counts[2] = counts[1] + succeeded, counts[2] + failed
    end
    for day, succeeded, failed in string.gmatch(kept[2] or '', '(%d+):(%d+):(%d+)') do
      add(tonumber(day), succeeded, failed)
    end
    for at, succeeded, failed in string.gmatch((kept[1] or '') .. ' ' .. last, '(%d+):(%d+):(%d+)') do
      if tonumber(at) > hour - HOURS then
        hours[#hours + 1] = at .. ':' .. succeeded .. ':' .. failed
      else
        add(math.floor(at / 24), succeeded, failed)
      end
    end
    for day = today - DAYS + 1, today do
      local counts = by_day[day]
      if counts then
        days[#days + 1] = string.format('%d:%d:%d', day, counts[1], counts[2])
      end
    end
    set(e, 'hours', table.concat(hours, ' '))
    set(e, 'days', table.concat(days, ' '))
  end

  recent_of = function(e)
    local recent, was = e.recent, e.recent_was
    if was == nil then
      was = call('HGET', P .. 'endpoint:' .. e.id, 'recent')
    end
    local hour = math.floor(read_clock() / 3600000)
    local at, succeeded, failed, marks = string.match(was or '', '^(%d+) (%d+) (%d+) (%S*)$')
    if at and tonumber(at) ~= hour then
      put_away(e, at .. ':' .. succeeded .. ':' .. failed, hour)
      succeeded, failed = 0, 0
    end
    marks = (marks or '') .. recent.marks
    local before = (succeeded or 0) + (failed or 0)
    succeeded, failed = (succeeded or 0) + recent.succeeded, (failed or 0) + recent.failed
    local has_grown = before == 0 or math.floor(before / GROWN) ~= math.floor((succeeded + failed) / GROWN)
    if has_grown and SCHEMA >= 3 then
      call('ZADD', P .. 'packing', 'NX', text_of(read_clock()), 'log:' .. e.id)
    end
    return text_of(hour) .. ' ' .. text_of(succeeded) .. ' ' .. text_of(failed) .. ' ' .. string.sub(marks, -MOST)
  end
end
