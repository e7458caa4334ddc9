-- history_lookup: which blocks of an account may have these events. Reads only.
--
-- ARGV[CLASS]: 'delivered' or 'exhausted'. ARGV[AFTER]: the descriptor behind which the search goes on, '' to begin. ARGV[FROM]: the time
-- (ms, of what is newest in a block) from which on to look, if there is no such descriptor. ARGV[HEAD] and ARGV[PROBES]: where a block's
-- filter begins (bits), and how many bits of it an event sets (common/history).
-- Returns {the descriptor behind which there may be more or '', {descriptor…}}.
-- Guarantees: bounded by ARGV[MOST] blocks, and twice as many looks for one event in one block. A block that has one of the events is
-- among them; about one of a hundred others is, too. Blocks may be as old as each other, so no time says where a search goes on.
local looks = 0
local function may_have(block, bits, event)
  local first, second = tonumber(ARGV[event + FIRST]), tonumber(ARGV[event + SECOND])
  looks = looks + 1
  for n = 0, ARGV[PROBES] - 1 do
    local bit = ARGV[HEAD] + (first + n * second) % bits
    if call('GETBIT', P .. 'block:' .. block, string.format('%d', bit)) == 0 then
      return false
    end
  end
  return true
end

local function may_have_any(descriptor)
  local block, accepted, until_then, bits = string.match(descriptor, '^(%w+) (%d+)%-(%d+) %S+ %d+ %d+ %d+ (%d+) ')
  accepted, until_then, bits = tonumber(accepted), tonumber(until_then), tonumber(bits)
  if not block or bits == 0 then
    return block ~= nil
  end
  for _, event in ipairs(each_event) do
    local time = tonumber(ARGV[event + TIME])
    if time >= accepted and time <= until_then and may_have(block, bits, event) then
      return true
    end
  end
  return false
end

local index, most = P .. 'blocks:' .. ARGV[CLASS] .. ':' .. ARGV[ACCOUNT], tonumber(ARGV[MOST])
local rank = ARGV[AFTER] ~= '' and call('ZRANK', index, ARGV[AFTER])
local blocks = rank and call('ZRANGE', index, rank + 1, rank + most)
  or call('ZRANGE', index, ARGV[FROM], '+inf', 'BYSCORE', 'LIMIT', 0, most)
local found = {}
for i, descriptor in ipairs(blocks) do
  if may_have_any(descriptor) then
    found[#found + 1] = descriptor
  end
  if i == most or looks >= 2 * most then
    return { descriptor, found }
  end
end
return { '', found }
