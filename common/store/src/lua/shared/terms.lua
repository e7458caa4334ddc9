-- terms.lua: what is decided of a whole account: that it is being erased, or limits of its own in the place of the process's.
--
-- `account:<a>:terms` is `erasing`, or `moving <shard>` and `moved <shard>` (moves.lua), or `<limit>=<value>` with spaces between them; `types`
-- are event types with a comma around each. It is one text, so that accepting an event reads it along with what it reads anyway. Most
-- accounts have none.
local terms = {}
do
  local NONE, ERASING = {}, { is_erasing = true }

  local parse = remembered(function(text)
    if text == 'erasing' then
      return ERASING
    end
    local goes = string.match(text, '^(mov%l+) %d+$')
    if goes then
      return { is_moving = goes == 'moving', is_moved = goes == 'moved' }
    end
    local limits = {}
    for name, value in string.gmatch(text, '(%l+)=(%S+)') do
      limits[name] = name == 'types' and value or tonumber(value)
    end
    return limits
  end)

  terms.key_of = function(account)
    return P .. 'account:' .. account .. ':terms'
  end

  -- What such a text says, or its absence.
  terms.read = function(text)
    return text and parse(text) or NONE
  end

  -- What an account's say.
  terms.of = function(account)
    return terms.read(call('GET', terms.key_of(account)))
  end

  -- What a script answers about an account that moves to another shard, or has moved there; nil for any other. A caller may have read
  -- its terms.
  terms.elsewhere = function(account, known)
    known = known or terms.of(account)
    if known.is_moving then
      return redis.error_reply('ACCOUNT_MOVING ' .. account)
    elseif known.is_moved then
      return redis.error_reply('ACCOUNT_MOVED ' .. account)
    end
  end

  -- What a script answers that would do something for an account that is being erased, or isn't here; nil for any other.
  terms.refusal = function(account, known)
    known = known or terms.of(account)
    if known.is_erasing then
      return redis.error_reply('BEING_ERASED ' .. account)
    end
    return terms.elsewhere(account, known)
  end

  -- Whether nothing is packed of an account, and nothing found of it: it is being erased, or isn't here.
  terms.is_left_alone = function(account)
    local known = terms.of(account)
    return known.is_erasing or known.is_moving or known.is_moved
  end

  -- The first of some event types (a list with commas) that an account may not have, and that aren't among those of `kept`; nil if there is
  -- none.
  terms.forbidden_type = function(limits, names, kept)
    if limits.types then
      local allowed = limits.types .. (kept or '') .. ','
      for name in string.gmatch(names, '[^,]+') do
        if not string.find(allowed, ',' .. name .. ',', 1, true) then
          return name
        end
      end
    end
  end
end
