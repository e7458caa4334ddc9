-- Standing by ----------------------------------------------------------------------------------------------------

-- A worker that has found nothing, and has room for more than half of what it may hold, stands by: `accept` may hand it a delivery
-- (accept/handing.lua). `standby` in `stats` is the last one that said so: `<incarnation> <sequence> <free> <lease (ms)> <cap> <most at a
-- destination>`, and, when it was handed something, `<incarnation> <sequence> handed <when> <delivery>`, until it says that this has come.
local standby = {}
do
  -- What was handed so long ago (ms), and still lies there, goes to somebody else: that worker is gone.
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
      elseif now - at > policy.lease then
        said = '' -- if that was lost, its lease is over
      elseif is_mine then
        want, free_slots = math.max(0, want - 1), free_slots - 1 -- it is on its way, and takes a slot
      end
    end
  end

  -- Says that this worker stands by, if there is nothing to do and it has leased fewer than it may then; returns whether it does.
  standby.begin = function(is_needed, has_leased)
    local has_room = has_leased < tonumber(ARGV[STANDBY_ROOM])
    local stands_by = has_room and not is_needed and not string.find(said, ' handed ', 1, true)
    if stands_by then
      said = incarnation .. ' ' .. sequence_text .. ' ' .. text_of(free_slots) .. ' ' .. text_of(policy.lease) .. ' ' .. text_of(CAP) .. ' '
        .. text_of(MOST_AT_DESTINATION)
    end
    if said ~= (stats_known.standby or '') then
      stats_written[#stats_written + 1], stats_written[#stats_written + 2] = 'standby', said
    end
    return stands_by
  end
end
