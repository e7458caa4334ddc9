-- log_numbers.lua: how an endpoint's log has changed in number.

-- How many entries a log has, and how many have left it so far.
local function log_numbers(key)
  local info, facts = call('XINFO', 'STREAM', key), {}
  for i = 1, #info, 2 do
    facts[info[i]] = info[i + 1]
  end
  return facts.length, facts['entries-added'] - facts.length
end
