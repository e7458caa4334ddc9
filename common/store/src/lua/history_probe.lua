-- history_probe: blocks that may have an event, by the filters at their heads (common/history). Reads only.
--
-- ARGV[AT]: the time (ms) in the event's id. ARGV[FIRST] and ARGV[SECOND]: which bits it sets, ARGV[PROBES] of them; filters begin behind
-- ARGV[HEAD] bytes. ARGV[SINCE] (ms) and ARGV[SKIP]: blocks that end then or later, but for so many of them.
-- Returns {descriptors, how many blocks were looked at, 1 if there are more}, after 500 blocks or 8 found.
local found, looked_at = {}, 0
local at, first, second = tonumber(ARGV[AT]), tonumber(ARGV[FIRST]), tonumber(ARGV[SECOND])

local function may_have(block, bits)
  for n = 0, tonumber(ARGV[PROBES]) - 1 do
    if call('GETBIT', P .. 'block:' .. block, ARGV[HEAD] * 8 + (first + n * second) % bits) == 0 then
      return false
    end
  end
  return true
end

local index = P .. 'blocks:' .. ARGV[CLASS] .. ':' .. ARGV[ACCOUNT]
local blocks = call('ZRANGE', index, ARGV[SINCE], '+inf', 'BYSCORE', 'LIMIT', ARGV[SKIP], 500)
for _, descriptor in ipairs(blocks) do
  looked_at = looked_at + 1
  local block, from, to, bits = string.match(descriptor, '^(%w+) (%d+)%-(%d+) %S+ %d+ %d+ %d+ (%d+) ')
  if block and at >= tonumber(from) and at <= tonumber(to) and tonumber(bits) > 0 and may_have(block, tonumber(bits)) then
    found[#found + 1] = descriptor
    if #found == 8 then
      break
    end
  end
end
return { found, looked_at, (looked_at < #blocks or #blocks == 500) and 1 or 0 }
