-- The answer -----------------------------------------------------------------------------------------------------

local ready = false
for _, e in ipairs(touched) do
  settle(e)
  ready = ready or e.state == 'active' or e.is_probed
end
if ready then
  wake()
end
tally.write()
flush()
return { { #reaped, swept, more and 1 or 0, look_again, aged, early, over_budget, disabled,
  ARGV[WORKER] ~= '' and call('HGET', P .. 'workers:' .. ARGV[WORKER], 'drain') or '' }, handed_over, call('EXISTS', P .. 'erasures') }
