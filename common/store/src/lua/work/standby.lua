-- Standing by ----------------------------------------------------------------------------------------------------

-- A worker that has found nothing, and has room for more than half of what it may hold, stands by: `accept` may hand it a delivery
-- (accept/handing.lua). `standby` in `stats` is the last one that said so: `<incarnation> <sequence> <free> <lease (ms)> <cap> <most at a
-- destination>`, and, when it was handed something, `<incarnation> <sequence> handed <when> <delivery>`, until it says that this has come.
local standby = {}
do
  -- What was handed so long ago (ms), and still isn't fetched, goes to somebody else: that worker is gone.
  local GONE_AFTER = 1000

  local said

  -- Looks at who stands by. Returns the delivery that was handed and is to be taken back, and whose its lease is.
  standby.look = function()
    said = stats_known.standby or ''
    local is_mine = string.sub(said, 1, #incarnation + 1) == incarnation .. ' '
    local who, in_call, at, delivery = string.match(said, '^(%w+) (%d+) handed (%d+) (%S+)$')
    if not who then
      said = is_mine and '' or said
    elseif is_mine and in_call == ARGV[CAME] then
      said = ''
    elseif is_mine or now - at > GONE_AFTER then
      local is_there = call('LPOP', P .. 'handed:' .. who)
      if is_there or is_mine and ARGV[MISSED] == '1' then
        said = ''
        return delivery, who .. ':' .. in_call .. 'h'
      elseif not is_mine then
        said = '' -- it has come, or its lease expires
      end
    end
  end

  -- Says that this worker stands by, if it may and there is nothing to do; returns whether it does.
  standby.begin = function(is_needed)
    local stands_by = ARGV[MAY_STAND_BY] == '1' and not is_needed and not string.find(said, ' handed ', 1, true)
    if stands_by then
      said = incarnation .. ' ' .. sequence_text .. ' ' .. ARGV[FREE] .. ' ' .. text_of(policy.lease) .. ' ' .. text_of(CAP) .. ' '
        .. text_of(MOST_AT_DESTINATION)
    end
    if said ~= (stats_known.standby or '') then
      stats_written[#stats_written + 1], stats_written[#stats_written + 2] = 'standby', said
    end
    return stands_by
  end
end
