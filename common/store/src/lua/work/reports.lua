-- Reports --------------------------------------------------------------------------------------------------------

-- The tokens that stand, by the places of their reports; the deliveries whose leases end here; how many attempts were made.
local tokens, done, is_done, crowded, attempts_made = {}, {}, {}, {}, 0
if #each_report > 0 and not is_repeat then
  local ids, records = {}, {}
  for i, report in ipairs(each_report) do
    local delivery = ARGV[report + DELIVERY]
    ids[i] = delivery
    if ARGV[report + KIND] == 'S' then
      records[#records + 1] = record_of(delivery)
    end
  end
  tokens = call('HMGET', TOKENS, unpack(ids))
  are_recorded = #records > 0 and call('EXISTS', unpack(records)) > 0
end

-- Ends a lease; returns its endpoint, what its token says, and its payload's size. Of one whose endpoint was removed meanwhile nothing is
-- left then.
local function end_lease(delivery, token, is_quiet)
  is_done[delivery] = true
  done[#done + 1] = delivery
  local terms, size = tally.parse_token(token)
  size = tonumber(size)
  shares.free(terms, is_quiet)
  local e = endpoint_for(delivery)
  if e then
    e.in_flight = e.in_flight > 0 and e.in_flight - 1 or 0
  else
    cancel(nil, delivery, size)
  end
  return e, terms, size
end

local function record(report, stands)
  local delivery, token, kind = ARGV[report + DELIVERY], ARGV[report + TOKEN], ARGV[report + KIND]
  local was_suspect = held.count > 0 and let_go(held, delivery, string.match(token, ':(%d+)'))
  if stands ~= token or is_done[delivery] then
    return '0'
  end
  local e, terms, size = end_lease(delivery, token, kind == 'W')
  if not e then
    return '1'
  end
  local attempt, generation = terms.attempt, terms.generation
  if kind == 'S' then
    note_recent(e, ARGV[report + MS])
  elseif kind == 'F' then
    note_recent(e, ARGV[report + MS], failure_of(report))
  end
  -- Results of an earlier generation, or of an endpoint that is switched off, neither strike nor reset.
  local counts = generation == e.generation and (e.state == 'active' or counts_attempts(e))
  if kind == 'S' and terms.beside ~= 0 then
    attempts_made = attempts_made + 1
    return succeeded(e, delivery, terms, size, counts, report)
  elseif kind == 'R' then
    return give_back(e, delivery, tonumber(attempt) - 1, was_suspect, tonumber(ARGV[report + BACK_IN]))
  elseif kind == 'W' then
    crowded[#crowded + 1] = e
    return give_back(e, delivery, tonumber(attempt) - 1, was_suspect, was_suspect and 1000 or 0)
  elseif kind == 'C' then
    lost(e, delivery, tonumber(attempt) - 1, 'counts') -- the worker lives and names it
    return '1'
  end
  e.slow = tonumber(ARGV[report + MS]) > 1000
  attempts_made = attempts_made + 1
  if terms.beside == 0 then
    return probed(e, delivery, attempt, size, report)
  end
  -- Nor does the failure of a replay that somebody asked for by hand strike.
  local is_manual = is_replay(delivery) and call('HEXISTS', record_of(delivery), 'manual') == 1
  if kind == 'H' then
    return refused(e, delivery, attempt, size, generation, is_manual, was_suspect, report)
  end
  return fail(e, delivery, attempt, size, counts and not is_manual, was_suspect, report)
end

-- What was handed to a worker, and has not come there, is as good as before.
do
  local deliveries, whose = standby.look()
  for delivery in string.gmatch(deliveries or '', '%S+') do
    local token = call('HGET', TOKENS, delivery)
    if token and string.match(token, '^%S*') == whose then
      local e = end_lease(delivery, token)
      -- At once: nothing may be both leased and pending, should what follows fail.
      call('ZREM', LEASES, delivery)
      call('HDEL', TOKENS, delivery)
      if e then
        give_back(e, delivery, 0, false, 0)
      end
    end
  end
end

-- A digit for each report.
local results
if is_repeat then
  results = (last_results or '') .. string.rep('0', #each_report - #(last_results or ''))
else
  local digits = {}
  for i, report in ipairs(each_report) do
    digits[i] = record(report, tokens[i])
  end
  results = table.concat(digits)
end
if #done > 0 then
  if attempts_made > 0 then
    count('attempts', attempts_made)
  end
  count_successes()
  call('ZREM', LEASES, unpack(done))
  call('HDEL', TOKENS, unpack(done))
  shares.settle_freed()
end
for _, e in ipairs(crowded) do
  e.is_crowded = e.is_crowded or e.state == 'active' and shares.wait_for_account(e)
end
for _, slow in ipairs(each_slow) do
  local e = endpoint(ARGV[slow])
  if e then
    e.slow = true
  end
end

