-- replay_step: one step of a replay of many whose sources may have been packed.
--
-- ARGV[POSITION]: where the caller found it. Each source is a position, a delivery or '', 1 if its event is gone for certain, and the event
-- if that was packed; ARGV[HAS_MORE]: 1 if more may come behind them.
-- Guarantees: does nothing if the replay has ended or stands elsewhere by now, so the same step again makes nothing more. Bounded by the
-- sources. Not `allow-oom`.
local id = ARGV[REPLAY]
local job = replay_job(id)
local e = job.endpoint and call('ZSCORE', REPLAYS, id) and job.position == ARGV[POSITION] and endpoint(job.endpoint)
if not e then
  return
end
local sources = {}
for i, packed in ipairs(each_packed) do
  local delivery, block = ARGV[packed + DELIVERY], ARGV[packed + BLOCK]
  sources[i] = { ARGV[packed + STANDS_AT], delivery ~= '' and delivery or nil, block ~= '' and packed_at(packed) or nil,
    ARGV[packed + IS_GONE] ~= '1' }
end
make_replays(id, job, e, sources, ARGV[HAS_MORE] == '1')
wake()
flush()
