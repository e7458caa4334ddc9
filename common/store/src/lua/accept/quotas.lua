-- How many events may come in a minute: with a service key, for an account, or for one that has a limit of its own ------------

-- Whose a limit is, as answers say it.
local OF_KEY, OF_ACCOUNT = 1, 2

-- The counters, by key, each read once. Without limits nothing is read or counted here.
local counters, is_any_counted = {}, false

local function counter_of(whose, key, most)
  local counter = counters[key]
  if not counter then
    local used, ends_in = used_of(key)
    counter = { whose = whose, most = most, used = used, added = 0, left = math.max(0, most - used), ends_in = ends_in }
    counters[key], is_any_counted = counter, true
  end
  return counter
end

-- The counters of what limits events for this account; nil if nothing does.
local function limits_of(account)
  local own = account.limits and account.limits.events
  if not own and #each_limit == 0 then
    return nil
  end
  local found, account_key = {}, P .. 'account:' .. account.id .. ':pushed'
  for _, limit in ipairs(each_limit) do
    local key, most = ARGV[limit + KEY], tonumber(ARGV[limit + MOST])
    if key ~= '' then
      found[#found + 1] = counter_of(OF_KEY, P .. 'key:' .. key .. ':pushed', most)
    elseif not own then
      found[#found + 1] = counter_of(OF_ACCOUNT, account_key, most)
    end
  end
  if own then
    found[#found + 1] = counter_of(OF_ACCOUNT, account_key, own)
  end
  return found
end

-- Adds to an answer what is left: whose limit it is, how many may come, how many are left, and the ms until the count begins anew.
local function with_quotas(answer, found)
  for _, counter in ipairs(found) do
    local place = #answer
    answer[place + 1], answer[place + 2], answer[place + 3], answer[place + 4] = counter.whose, counter.most, counter.left,
      counter.ends_in
  end
  return answer
end

local function write_quotas()
  if not is_any_counted then
    return
  end
  for key, counter in pairs(counters) do
    if counter.added > 0 then
      use_more(key, counter.used, counter.added, counter.ends_in)
    end
  end
end
