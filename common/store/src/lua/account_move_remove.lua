-- account_move_remove: removes keys of an account that are no longer, or not yet, what counts.
--
-- Returns 1, or 0 when that isn't so, and nothing was removed.
local phase = call('HGET', moves.key_of(ARGV[ACCOUNT]), 'phase')
if phase ~= 'leaving' and phase ~= 'arriving' then
  return 0
end
for _, name in ipairs(each_name) do
  call('UNLINK', P .. ARGV[name])
end
return 1
