-- endpoint_list: endpoints as their owner sees them, 100 in one call. Drops routes that lead to no endpoint.
--
-- Without ids it takes all endpoints of the account; with ids (100 at most) those of them that are the account's.
-- Returns {{endpoint (see `view`)…}, {ids of those that did not fit in}}.
local routes, ids, found, rest = P .. 'account:' .. ARGV[ACCOUNT] .. ':endpoints', {}, {}, {}
if #each_wanted == 0 then
  ids = call('HKEYS', routes)
else
  for _, wanted in ipairs(each_wanted) do
    if call('HEXISTS', routes, ARGV[wanted]) == 1 then
      ids[#ids + 1] = ARGV[wanted]
    end
  end
end
for i, id in ipairs(ids) do
  if i <= 100 then
    local seen = view(id)
    if #seen[2] > 0 then
      found[#found + 1] = seen
    else
      call('HDEL', routes, id)
    end
  else
    rest[i - 100] = id
  end
end
return { found, rest }
