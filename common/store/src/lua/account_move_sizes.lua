-- account_move_sizes: how large keys are. Reads only.
--
-- Returns of each its type and how many entries, or bytes, it has; '' of one that isn't there.
local function length_of_kind(kind, key)
  if kind == 'string' then
    return call('STRLEN', key)
  elseif kind == 'list' then
    return call('LLEN', key)
  elseif kind == 'hash' then
    return call('HLEN', key)
  elseif kind == 'zset' then
    return call('ZCARD', key)
  end
  return kind == 'stream' and call('XLEN', key)
end

local sizes = {}
for i, name in ipairs(each_name) do
  local key = P .. ARGV[name]
  local kind = call('TYPE', key).ok
  local length = length_of_kind(kind, key)
  sizes[i] = length and kind .. ' ' .. text_of(length) or ''
end
return sizes
