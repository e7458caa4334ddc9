-- destinations_note: notes the destinations that answered a worker, and tells which answered any worker within the hour.
--
-- Returns {{destination, how long ago it last answered (ms)}…}, the latest first, if the list is asked for.
-- Guarantees: repeating it changes nothing but times. No more than MOST are kept, the latest.
local MOST, KEPT = 1000, 3600000
local key, now = P .. 'answered', look_at_clock()
for _, destination in ipairs(each_destination) do
  call('ZADD', key, now, ARGV[destination])
end
if #each_destination > 0 then
  local old = call('ZRANGEBYSCORE', key, '-inf', now - KEPT, 'LIMIT', 0, 200)
  local surplus = call('ZCARD', key) - MOST
  if #old == 0 and surplus > 0 then
    old = call('ZRANGE', key, 0, math.min(surplus, 200) - 1)
  end
  if #old > 0 then
    call('ZREM', key, unpack(old))
  end
  call('PEXPIRE', key, KEPT)
end
local found = {}
if ARGV[LIST] == '1' then
  local members = call('ZRANGE', key, 0, MOST - 1, 'REV', 'WITHSCORES')
  for i = 1, #members, 2 do
    local age = math.max(0, now - members[i + 1])
    if age < KEPT then
      found[#found + 1] = { members[i], age }
    end
  end
end
return found
