-- endpoint_list: endpoints as their owner sees them. Reads only.
--
-- ARGV: account, endpoint id or '' for all.
-- Returns a list of endpoints (see `view`); an account has a bounded number. Another account's id gives none.
local routes = P .. 'account:' .. ARGV[1] .. ':endpoints'
local ids = { ARGV[2] }
if ARGV[2] == '' then
  ids = call('HKEYS', routes)
elseif call('HEXISTS', routes, ARGV[2]) == 0 then
  ids = {}
end
local found = {}
for i, id in ipairs(ids) do
  found[i] = view(id)
end
return found
