-- here.lua: whoever asks for something of an account that moves to another shard, or has moved, is told so, and nothing is done.
local elsewhere = terms.elsewhere(ARGV[ACCOUNT])
if elsewhere then
  return elsewhere
end
