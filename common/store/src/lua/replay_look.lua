-- replay_look: what a replay of many takes next, as far as it isn't packed. Reads only.
--
-- Returns {endpoint, account, status, types of events, its position, until when (ms), how many deliveries there is room for,
-- {{position, delivery or ''}…}, 1 if there may be more}, or {} if it has ended.
local id = ARGV[REPLAY]
local job = replay_job(id)
local e = job.endpoint and call('ZSCORE', REPLAYS, id) and endpoint(job.endpoint)
if not e then
  return {}
end
local most = room_for_replays(e)
local sources, has_more = sources_after(job, e.id, most)
for _, source in ipairs(sources) do
  source[2] = source[2] or ''
end
return { e.id, e.account, job.status, job.events or '', job.position, job['until'], most, sources, has_more and 1 or 0 }
