-- quota.lua: how much of a limit was used in this minute. A minute begins with the first call or event that is counted in it; its
-- counter is one small key that lives for that minute.

local MINUTE = 60000

-- What a counter has counted in this minute, and the ms until it begins anew.
local function used_of(key)
  local used, ends_in = tonumber(call('GET', key)) or 0, call('PTTL', key)
  if ends_in < 1 or ends_in > MINUTE then
    return 0, MINUTE -- a new minute; or Redis's clock was set back
  end
  return used, ends_in
end

-- Counts `more` in the same minute; `used` and `ends_in` are what `used_of` returned.
local function use_more(key, used, more, ends_in)
  call('SET', key, string.format('%d', used + more), 'PX', ends_in)
end

-- Counts calls, unless there would be more than `most` of them in this minute (0: any number may come, and none is counted). Returns 1 or 0
-- (whether they may be made), what is left, and the ms until the count begins anew.
local function count_calls(key, most, calls)
  if most == 0 then
    return 1, 0, 0
  end
  local used, ends_in = used_of(key)
  if used + calls > most then
    return 0, math.max(0, most - used), ends_in
  end
  use_more(key, used, calls, ends_in)
  return 1, most - used - calls, ends_in
end
