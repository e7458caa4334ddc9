-- endpoint_list: endpoints as their owner sees them, 100 in one call. Drops routes that lead to no endpoint.
--
-- ARGV: account, endpoint ids… (100 at most); none for all.
-- Returns {endpoints (see `view`)}, {ids of those that did not fit in}. Ids of other accounts give nothing.
local routes, ids, found, rest = P .. 'account:' .. ARGV[1] .. ':endpoints', {}, {}, {}
if #ARGV == 1 then
  ids = call('HKEYS', routes)
else
  for i = 2, #ARGV do
    if call('HEXISTS', routes, ARGV[i]) == 1 then
      ids[#ids + 1] = ARGV[i]
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
