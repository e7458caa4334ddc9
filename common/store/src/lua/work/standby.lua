-- Standing by ----------------------------------------------------------------------------------------------------

-- A worker that has found nothing, and has room for more than half of what it may hold, stands by: `accept` may hand it deliveries
-- of one event (accept/handing.lua). `standby` in `stats` is the last one that said so: `<incarnation> <sequence> <free> <lease (ms)> <cap>
-- <most at a destination> <most that it is handed>`, and, when it was handed something, `<incarnation> <sequence> handed <when> <delivery>…`,
-- until it says that this has come.
local standby = {}
do
  -- What was handed so long ago (ms), and still lies there, goes to somebody else: that worker is gone.
  local GONE_AFTER = 1000

  local said

  -- Looks at who stands by. Returns the deliveries that were handed and are to be taken back, each behind a space, and whose their leases are.
  standby.look = function()
    said = stats_known.standby or ''
    local is_mine = string.sub(said, 1, #incarnation + 1) == incarnation .. ' '
    local who, in_call, at, deliveries = string.match(said, '^(%w+) (%d+) handed (%d+)( .+)$')
    if not who then
      said = is_mine and '' or said
    elseif is_mine and in_call == ARGV[CAME] then
      said = ''
    elseif is_mine or now - at > GONE_AFTER then
      local is_there = call('LPOP', P .. 'handed:' .. who)
      if is_there or is_mine and ARGV[MISSED] == '1' then
        said = ''
        return deliveries, who .. ':' .. in_call .. 'h'
      elseif now - at > policy.lease then
        said = '' -- if that was lost, its lease is over
      elseif is_mine then
        -- They are on their way, and take slots.
        local _, number = string.gsub(deliveries, ' ', '')
        want, free_slots = math.max(0, want - number), free_slots - number
      end
    end
  end

  -- Says that this worker stands by, if there is nothing to do and it has leased fewer than it may then; returns whether it does.
  standby.begin = function(is_needed, has_leased)
    local most = math.min(ARGV[STANDBY_ROOM] - has_leased, tonumber(ARGV[STANDBY_MOST]))
    local stands_by = most > 0 and not is_needed and not string.find(said, ' handed ', 1, true)
    if stands_by then
      said = incarnation .. ' ' .. sequence_text .. ' ' .. text_of(free_slots) .. ' ' .. text_of(policy.lease) .. ' ' .. text_of(CAP) .. ' '
        .. text_of(MOST_AT_DESTINATION) .. ' ' .. text_of(most)
    end
    if said ~= (stats_known.standby or '') then
      stats_written[#stats_written + 1], stats_written[#stats_written + 2] = 'standby', said
    end
    return stands_by
  end
end
