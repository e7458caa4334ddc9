-- strikes_take_back: takes back strikes that a worker reported before it knew that its own network was down.
--
-- Of each endpoint it is given how many, and how long ago (ms) the last one was recorded. Strikes of a streak that began later
-- stay. An endpoint that these strikes disabled is active again, with all that is parked there; the first success after that is told
-- (`endpoint.recovered`), since the disabling was.
-- Returns {strikes taken back, endpoints switched on}.
-- Guarantees: the same operation again changes nothing, and answers the same. Bounded by the endpoints of a call.
local done = P .. 'changed:' .. ARGV[OPERATION]
local taken_before, on_before = string.match(call('GET', done) or '', '^(%d+) (%d+)$')
if taken_before then
  return { tonumber(taken_before), tonumber(on_before) }
end
local now, taken, switched_on = read_clock(), 0, {}

local function switch_on(e)
  local failures, failing_since = e.failures, e.failing_since
  enable(e, 'egress')
  e.failures, e.failing_since = failures, failing_since -- those of others stay
  releases.begin(e, e.id .. '-' .. ARGV[OPERATION])
  call('HSET', P .. 'endpoint:' .. e.id, 'updatedAt', now)
  switched_on[#switched_on + 1] = e
end

for _, struck in ipairs(each_struck) do
  local e = endpoint(ARGV[struck + ENDPOINT])
  -- Those of an account that moves to another shard stay, and so does what has moved.
  if e and e.failures > 0 and not terms.elsewhere(e.account) and e.failing_since <= now - tonumber(ARGV[struck + AGO]) then
    local by_failures = e.state == 'disabled'
      and call('HGET', P .. 'endpoint:' .. e.id, 'disabledReason') == 'consecutive_failures'
    local strikes = math.min(e.failures, tonumber(ARGV[struck + STRIKES]))
    if counts_attempts(e) or by_failures then
      e.failures, taken = e.failures - strikes, taken + strikes
      e.failing_since = e.failures > 0 and e.failing_since or 0
      if e.failures < tonumber(ARGV[DISABLE_AFTER]) then
        call('ZREM', FAILING, e.id)
        if by_failures then
          switch_on(e)
        end
      end
      e.is_unsettled = true
    end
  end
end

count('strikesTakenBack', taken)
call('SET', done, text_of(taken) .. ' ' .. text_of(#switched_on), 'PX', 3600000)
flush()
for _, e in ipairs(switched_on) do
  set_route(e.id)
end
if #switched_on > 0 then
  wake()
end
return { taken, #switched_on }
