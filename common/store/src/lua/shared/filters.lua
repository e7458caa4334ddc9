-- filters.lua: the filters of an account's endpoints, by which the API looks into `data` (accept/filters.lua).
--
-- `account:<a>:filters` has them again, endpoint by endpoint, and a `version` that follows from them all: so whoever has evaluated some
-- text of them knows whether it is still the one that counts, also after the store was set back.
local function set_filters(account, id, text)
  local key = P .. 'account:' .. account .. ':filters'
  if (call('HGET', key, id) or '') == text then
    return
  elseif text == '' then
    call('HDEL', key, id)
  else
    call('HSET', key, id, text)
  end
  call('HDEL', key, 'version')
  local fields, all = call('HGETALL', key), {}
  for i = 1, #fields, 2 do
    all[#all + 1] = fields[i] .. ' ' .. fields[i + 1]
  end
  if #all > 0 then
    table.sort(all)
    call('HSET', key, 'version', redis.sha1hex(table.concat(all, '\n')))
  end
end

-- How long a list of chatbots is; one alone, or none, counts for nothing.
local function length_of_list(chatbots)
  return string.byte(chatbots) == 10 and #chatbots or 0
end

-- Whether lists of chatbots and filters of an account would take more than `most` bytes, with these of one endpoint.
local function are_routes_too_long(account, id, chatbots, filters, most)
  local key = P .. 'account:' .. account
  local length = length_of_list(chatbots) + #filters
  if length == 0 then
    return false
  end
  local routes, kept = call('HGETALL', key .. ':endpoints'), call('HGETALL', key .. ':filters')
  for i = 1, #routes, 2 do
    if routes[i] ~= id then
      length = length + length_of_list(string.match(routes[i + 1], '^[^|]*|[^|]*|(.*)$') or '')
    end
  end
  for i = 1, #kept, 2 do
    if kept[i] ~= id and kept[i] ~= 'version' then
      length = length + #kept[i + 1]
    end
  end
  return length > most
end
