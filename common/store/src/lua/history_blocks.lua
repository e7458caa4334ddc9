-- history_blocks: descriptors of a series' blocks, by the time of the newest in each. Reads only.
--
-- ARGV[ENDPOINT]: whose log; '' for events. ARGV[BEFORE] (ms, or ''): newest first, those that end before, behind up to four that end
-- then or later; without, oldest first. ARGV[SINCE] (ms): those that end then or later.
-- Returns {whether the account has that endpoint, descriptors}.
local account, class, id = ARGV[ACCOUNT], ARGV[CLASS], ARGV[ENDPOINT]
local index, most = P .. 'blocks:' .. class .. ':' .. (id ~= '' and id or account), ARGV[MOST]
if id ~= '' and not owned_endpoint(id, account) then
  return { 0, {} }
elseif ARGV[BEFORE] == '' then
  return { 1, call('ZRANGE', index, ARGV[SINCE], '+inf', 'BYSCORE', 'LIMIT', 0, most) }
end
local found = call('ZRANGE', index, ARGV[BEFORE], '+inf', 'BYSCORE', 'LIMIT', 0, 4)
for _, descriptor in ipairs(call('ZRANGE', index, '(' .. ARGV[BEFORE], ARGV[SINCE], 'BYSCORE', 'REV', 'LIMIT', 0, most)) do
  found[#found + 1] = descriptor
end
return { 1, found }
