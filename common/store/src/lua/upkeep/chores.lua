-- What endpoints need step by step -----------------------------------------------------------------------------------------

-- A step of upkeep takes this many of the chores that are due: `<release|forward|resume> <endpoint>[ <operation>]`, or
-- `suspend <account> <its endpoint that was last>`.
local MOST_CHORES = 8

for _, chore in ipairs(call('ZRANGEBYSCORE', P .. 'chores', '-inf', now, 'LIMIT', 0, MOST_CHORES)) do
  local what, id, operation = string.match(chore, '^(%l+) (%S+) ?(%S*)$')
  local e = what == 'forward' and endpoint(id)
  if what == 'release' then
    swept = swept + step_release(id, operation)
  elseif what == 'resume' then
    step_resume(id)
  elseif what == 'suspend' then
    suspend.all(id, operation, string.sub(fresh_event(), 5))
  elseif not e or forward.step(e, limit) then
    call('ZREM', P .. 'chores', chore)
  end
end
local next_chore = call('ZRANGE', P .. 'chores', 0, 0, 'WITHSCORES')
if next_chore[2] then
  local soon = math.max(0, next_chore[2] - now)
  more = more or soon == 0
  look_again = look_again < 0 and soon or math.min(look_again, soon)
end
