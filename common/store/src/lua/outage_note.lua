-- outage_note: notes that a worker's own network is down, for as long as `lasts` from now; 0: it is up again.
--
-- Guarantees: a worker that dies is forgotten when its time is over. What is over is taken out with every note.
local key, now = P .. 'outages', look_at_clock()
if ARGV[LASTS] == '0' then
  call('HDEL', key, ARGV[INCARNATION])
else
  call('HSET', key, ARGV[INCARNATION], string.format('%d', now + tonumber(ARGV[LASTS])))
  call('PEXPIRE', key, 600000)
end
local all = call('HGETALL', key)
for i = 1, #all, 2 do
  if (tonumber(all[i + 1]) or 0) <= now then
    call('HDEL', key, all[i])
  end
end
