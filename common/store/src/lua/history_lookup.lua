-- history_lookup: which blocks of an account may have these events. Reads only.
--
-- ARGV[CLASS]: 'delivered' or 'exhausted'. ARGV[FROM]: the time (ms, of what is newest in a block) from which on to look, or '(' and a
-- time. ARGV[HEAD] and ARGV[PROBES]: where a block's filter begins (bits), and how many bits of it an event sets (common/history).
-- Returns {where the next call begins or '', {descriptor…}}.
-- Guarantees: bounded by ARGV[MOST] blocks for each event. A block that has one of the events is among them; about one of a hundred
-- others is, too.
local function may_have(block, bits, event)
  local first, second = tonumber(ARGV[event + FIRST]), tonumber(ARGV[event + SECOND])
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

local index, most, from = P .. 'blocks:' .. ARGV[CLASS] .. ':' .. ARGV[ACCOUNT], tonumber(ARGV[MOST]), ARGV[FROM]
local blocks = call('ZRANGE', index, from, '+inf', 'BYSCORE', 'LIMIT', 0, most, 'WITHSCORES')
local found = {}
for i = 1, #blocks, 2 do
  if may_have_any(blocks[i]) then
    found[#found + 1] = blocks[i]
  end
end
local last = blocks[2 * most]
-- Several may be as old as the last one: they are looked at again, unless all are.
return { last and (last == from and '(' .. last or last) or '', found }
