-- Events that matched nobody -----------------------------------------------------------------------------------------------
--
-- The last 1,000 of an account are kept for a day, newest last: `<26 characters of the id> <why> <event type> <chatbot>`, so that somebody
-- who looks for one is told why nobody got it. An event that is sent again may stand there twice.

-- What is added, by account.
local unmatched, is_any_unmatched = {}, false

-- Why nobody gets an event: the account has no endpoint (`none`), the only ones that want it are switched off (`off`) or of
-- another chatbot (`chatbot`), or nobody subscribes to its type (`type`). If somebody would get it but for filters: `filter`; if the account
-- may not have its type: `limits`.
local function reason_of(routes, event_type, chatbot)
  local reason = #routes == 0 and 'none' or 'type'
  for i = 2, #routes, 2 do
    local kinds, only = string.match(routes[i], '^%u|([^|]*)|(.*)$')
    if kinds and (string.find(kinds, ',' .. event_type .. ',', 1, true) or string.find(kinds, ',*,', 1, true)) then
      if wants_chatbot(only, chatbot) then
        return 'off'
      end
      reason = 'chatbot'
    end
  end
  return reason
end

local function note_unmatched(account, id, event_type, chatbot)
  local found = account.matching[event_type .. ' ' .. chatbot]
  found.why = found.why or found[1] and 'filter' or found.is_forbidden and 'limits' or reason_of(account.routes, event_type, chatbot)
  local added = unmatched[account.id] or {}
  unmatched[account.id], is_any_unmatched = added, true
  added[#added + 1] = string.sub(id, 5) .. ' ' .. found.why .. ' ' .. event_type .. ' ' .. chatbot
end

local function write_unmatched()
  if not is_any_unmatched then
    return
  end
  for account, added in pairs(unmatched) do
    local key = P .. 'account:' .. account .. ':unmatched'
    call('RPUSH', key, unpack(added))
    call('LTRIM', key, -1000, -1)
    call('PEXPIRE', key, 86400000)
  end
end
