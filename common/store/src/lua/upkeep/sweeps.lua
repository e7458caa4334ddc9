-- What was released, discarded or removed ----------------------------------------------------------------------------

-- A job is `<release|cancel|forget|drop> <endpoint> <key> <list|zset>`; the key holds what was set aside in one step. `erased <account>`
-- stands behind those of an account that is being erased, `moves <account>` behind those of one that moves: their keys never exist.
local swept = 0
local job = call('LINDEX', SWEEPS, 0)
if job then
  local what, id, key, type = string.match(job, '^(%l+) (%S+) (%S+) (%l+)$')
  local entries = {}
  if key and type == 'list' then
    entries = call('LPOP', key, limit) or {}
  elseif key then
    local popped = call('ZPOPMIN', key, limit)
    for i = 1, #popped, 2 do
      entries[#entries + 1] = popped[i]
    end
  end
  local e = key and endpoint(id)
  for _, text in ipairs(entries) do
    local delivery = what ~= 'drop' and parse_entry(text)
    if what == 'drop' then
      drop_described('log', text)
    elseif not delivery then
      note_corrupt(id, text)
    elseif what == 'release' and e and e.state ~= 'active' then
      park(id, delivery) -- it was switched off, or disabled, meanwhile
    elseif what == 'release' and e then
      requeue('RPUSH', id, delivery)
    elseif what == 'forget' then
      call('DEL', record_of(delivery)) -- finished before
    else
      cancel(e, delivery, size_of(delivery))
    end
  end
  swept = #entries
  if #entries < limit then
    call('LPOP', SWEEPS)
    if what == 'erased' and call('EXISTS', P .. 'account:' .. id .. ':erasure') == 1 then
      call('HSET', P .. 'account:' .. id .. ':erasure', 'swept', '1')
    elseif what == 'moves' and call('EXISTS', P .. 'account:' .. id .. ':move') == 1 then
      call('HSET', P .. 'account:' .. id .. ':move', 'swept', string.match(key, '%d+$'))
    elseif what == 'release' and e then
      releases.name(id, releases.of(id))
    end
  end
  more = more or call('LLEN', SWEEPS) > 0
end
