-- Filters: endpoints that want an event only if its data is such ---------------------------------------------------------------
--
-- Redis doesn't look into `data`. The API says with each event of an account that it knows to have filters which endpoints don't want it,
-- and which filters it goes by. If those aren't the ones that count, the call ends there, and the API evaluates again.

-- What the API says of an event, `<version> <endpoints that don't want it>`; set where it may say something (accept/verdicts.lua).
local verdict_of

-- Whether the call ends with the last answer, since an event was not evaluated by the filters that count.
local is_outdated = false

-- Those of the endpoints that match which want the event; or nil, and the answer that asks for a verdict: {'filters', account, version,
-- endpoints and their filters by turns}.
local function choose(account, found, event)
  local key = P .. 'account:' .. account.id .. ':filters'
  account.filters = account.filters or try('HGET', key, 'version') or ''
  if account.filters.err then
    return nil, 'unreadable'
  end
  local version, refused = string.match(verdict_of and verdict_of(event) or '', '^(%x*) (.*)$')
  if version ~= account.filters then
    is_outdated = true
    return nil, { 'filters', account.id, account.filters, call('HGETALL', key) }
  end
  local chosen = {}
  for _, addition in ipairs(found) do
    if not addition.is_filtered or not string.find(refused, addition.id, 1, true) then
      chosen[#chosen + 1] = addition
    end
  end
  chosen.text = string.format('%d', #chosen)
  return chosen
end
