-- Given back -----------------------------------------------------------------------------------------------------

-- No attempt was made: the delivery is as good as before.
local function give_back(e, delivery, attempts, was_suspect)
  if was_suspect then
    quarantine(e, delivery, now)
  else
    call('LPUSH', P .. 'pending:' .. e.id, entry(delivery, attempts))
  end
  return 1
end
