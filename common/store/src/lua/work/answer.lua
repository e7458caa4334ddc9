-- New leases, and the answer -------------------------------------------------------------------------------------

local nearest_suspect = call('ZRANGE', QUARANTINE, 0, 0, 'WITHSCORES')[2]
if is_repeat then
  repeat_leases()
else
  if nearest_suspect and tonumber(nearest_suspect) <= now then
    serve_suspects()
  end
  local visits = 0
  while want > 0 and visits < 160 and serve_next() do
    visits = visits + 1
  end
end

if #expiries > 0 then
  call('ZADD', LEASES, unpack(expiries))
  call('HSET', TOKENS, unpack(new_tokens))
end
call('SET', worker_key, sequence_text .. ' ' .. results .. ' ' .. table.concat(leased, ' ')
  .. '|' .. suspects_text(held), 'PX', 3600000)

-- What next ------------------------------------------------------------------------------------------------------

local ready_left = lanes.head(READY) or want_slow > 0 and lanes.head(READY_SLOW)
if ready_left then
  wake()
end
local due_in = -1
if timers_changed then
  nearest_timer = tonumber(call('ZRANGE', TIMERS, 0, 0, 'WITHSCORES')[2])
end
if nearest_timer then
  due_in = math.max(0, nearest_timer - now)
end
if quarantine_changed then
  nearest_suspect = call('ZRANGE', QUARANTINE, 0, 0, 'WITHSCORES')[2]
end
-- A worker that may hold no more suspects calls again when it is done with one.
if nearest_suspect and held.count < most_suspects and not held.singly and not waits_for_others then
  local wait = math.max(0, nearest_suspect - now)
  due_in = due_in < 0 and wait or math.min(due_in, wait)
end
for _, e in ipairs(touched) do
  e.last_attempt = e.last_report and last_attempt(e)
end
tally.write()
local prospect = (ready_left and 1 or 0) + (is_awaited and 2 or 0)
if standby.begin(ready_left, leased_count) then
  prospect = prospect + 4
end
flush()
return { results, out_endpoints, out_events, out_leases, due_in, prospect, out_suspects, server_time }
