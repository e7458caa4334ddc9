-- worker_register: a worker tells this shard of itself: that it runs, what it does now (`serving`, `draining` or `stopping`), and for
-- how long it has run by its own clock (`UPTIME`, ms), which measures spans alone.
--
-- Returns since when an operator wants it to take nothing new (ms), or '-1' if nobody does.
-- Guarantees: repeating it changes nothing but times. A wish that this shard has forgotten, since the worker was not heard of for too
-- long or the store was set back, is taken over from the worker that still follows it. Who was not heard of for so long (GONE) goes; no
-- more than MOST are kept, those that were heard of last.
local MOST, GONE, MOST_HOURS = 1000, 72000, 48
local all, own, now = P .. 'workers', P .. 'workers:' .. ARGV[NAME], look_at_clock()
local now_text = string.format('%d', now)
local kept = call('HMGET', own, 'drain', 'startedAt')
local drain = kept[1] or ARGV[STATE] == 'draining' and now_text or '-1'
call('HSET', own, 'host', ARGV[HOST], 'version', ARGV[VERSION], 'incarnation', ARGV[INCARNATION], 'slots', ARGV[SLOTS], 'inFlight',
  ARGV[IN_FLIGHT], 'state', ARGV[STATE], 'drain', drain, 'startedAt', kept[2] or string.format('%d', now - tonumber(ARGV[UPTIME])))
call('PEXPIRE', own, GONE)
call('ZADD', all, now_text, ARGV[NAME])
local gone = call('ZRANGEBYSCORE', all, '-inf', now - GONE, 'LIMIT', 0, 200)
local surplus = call('ZCARD', all) - MOST
if #gone == 0 and surplus > 0 then
  gone = call('ZRANGE', all, 0, math.min(surplus, 200) - 1)
end
if #gone > 0 then
  call('ZREM', all, unpack(gone))
end
call('PEXPIRE', all, GONE)

-- Once an hour whoever comes first notes how much memory the server uses: from that `webhooksctl status` forecasts.
local memory, hour = P .. 'memory', math.floor(now / 3600000)
if call('HEXISTS', memory, string.format('%d', hour)) == 0 then
  local info = call('INFO', 'memory')
  local used = (tonumber(string.match(info, 'used_memory:(%d+)')) or 0)
    - (tonumber(string.match(info, 'mem_not_counted_for_evict:(%d+)')) or 0)
  for _, at in ipairs(call('HKEYS', memory)) do
    if (tonumber(at) or 0) <= hour - MOST_HOURS then
      call('HDEL', memory, at)
    end
  end
  call('HSET', memory, string.format('%d', hour), string.format('%d', math.max(0, used)))
end
return drain
