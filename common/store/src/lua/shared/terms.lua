-- terms.lua: what is decided of a whole account: that it is being erased, or limits of its own in the place of the process's.
--
-- `account:<a>:terms` is `erasing`, or `<limit>=<value>` with spaces between them; `types` are event types with a comma around each. It is
-- one text, so that accepting an event reads it along with what it reads anyway. Most accounts have none.
local terms = {}
do
  local NONE, ERASING = {}, { is_erasing = true }

  local parse = remembered(function(text)
    if text == 'erasing' then
      return ERASING
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

  -- What a script answers that would do something for an account that is being erased; nil for any other. A caller may have read its terms.
  terms.refusal = function(account, known)
    if (known or terms.of(account)).is_erasing then
      return redis.error_reply('BEING_ERASED ' .. account)
    end
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
