-- restore.lua: an event that was packed, as the caller found it in a block.

-- What the caller says of it; nil if it says nothing.
local function packed_at(packed)
  return packed and { block = ARGV[packed + BLOCK], kind = ARGV[packed + KIND], body = ARGV[packed + BODY],
    charge = whole(ARGV[packed + CHARGE]), again = whole(ARGV[packed + AGAIN]), failed = ARGV[packed + FAILED] == '1' and '1' or nil,
    accepted_at = ARGV[packed + ACCEPTED_AT], deliveries = ARGV[packed + DELIVERIES] }
end
