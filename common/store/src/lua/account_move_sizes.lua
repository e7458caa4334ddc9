-- account_move_sizes: how large keys are. Reads only.
--
-- Returns of each its type and how many entries, or bytes, it has; '' of one that isn't there.
local LENGTHS = { string = 'STRLEN', list = 'LLEN', hash = 'HLEN', zset = 'ZCARD', stream = 'XLEN', set = 'SCARD' }
local sizes = {}
for i, name in ipairs(each_name) do
  local key = P .. ARGV[name]
  local kind = call('TYPE', key).ok
  sizes[i] = LENGTHS[kind] and kind .. ' ' .. text_of(call(LENGTHS[kind], key)) or ''
end
return sizes
