-- moves.lua: an account's way to another shard, as it is written down in the shard that it leaves, and in the one that it reaches.
--
-- `account:<a>:move` of the shard that it leaves has `to`, `since`, and `phase`: 'draining' (it is paused, and what is under way ends),
-- 'closing' (nothing is done for it any more: its terms are `moving <to>`, `terms` has what they were, and `waiting` how many deliveries wait), 'closed' (nothing changes any more,
-- and it is copied), 'switched' (the other shard has it: the terms are `moved <to>`, and stay), 'leaving' (what is left of it goes). The one
-- in the shard that it reaches has `from`, and is 'arriving' or has 'arrived'.
--
-- `account:<a>:places`: what it has in keys that all accounts share, `<key> <member>` → score. So while it is closed upkeep doesn't know it, and
-- whoever opens it puts back what stands here.
local moves = {}
do
  -- The schema in which programs know that an account may be elsewhere.
  moves.SCHEMA = 5

  moves.key_of = function(account)
    return P .. 'account:' .. account .. ':move'
  end

  moves.places_of = function(account)
    return P .. 'account:' .. account .. ':places'
  end

  -- What the account's terms are from now on; false for none.
  moves.set_terms = function(account, text)
    if text and text ~= '' then
      call('SET', terms.key_of(account), text)
    else
      call('DEL', terms.key_of(account))
    end
  end

  -- Unfinished deliveries that came to this shard, or left it: `check` adds up what was made, and what has ended.
  moves.count = function(name, number)
    call('HINCRBY', STATS, name, text_of(number))
  end

  -- Upkeep comes to this behind all that was set aside so far.
  moves.ask_sweeps = function(account)
    local asked = text_of(read_clock())
    call('HSET', moves.key_of(account), 'asked', asked)
    call('RPUSH', SWEEPS, 'moves ' .. account .. ' ' .. P .. 'account:' .. account .. ':swept:' .. asked .. ' list')
  end

  moves.are_swept = function(account)
    local v = call('HMGET', moves.key_of(account), 'asked', 'swept')
    return v[1] and v[1] == v[2]
  end
end
