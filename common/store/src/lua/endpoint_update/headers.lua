-- Headers of an endpoint's own: `<name> <sealed value>`, with commas between them (sealing/header.rs).

-- What seals a value has so many bytes besides: the nonce and the tag.
local SEAL = 40

-- The origin of a URL in its normal form, as `origin_of` in Rust has it. Values are sealed for one.
local function origin_of(url)
  return string.match(url, '^%w+://[^/?#]*') or ''
end

-- How many bytes were sealed.
local function length_of(sealed)
  local encoded = string.match(sealed, '[^.]*$')
  return #encoded / 4 * 3 - #string.match(encoded, '=*$') - SEAL
end

-- These headers with what the arguments set and remove; nil if that is more than an endpoint may have.
local function merged(kept)
  local names, values = {}, {}
  local function put(name, sealed)
    if not values[name] then
      names[#names + 1] = name
    end
    values[name] = sealed
  end
  for name, sealed in string.gmatch(kept, '([^ ,]+) ([^,]+)') do
    put(name, sealed)
  end
  for _, header in ipairs(each_header) do
    put(ARGV[header + NAME], ARGV[header + SEALED])
  end
  local found, bytes = {}, 0
  for _, name in ipairs(names) do
    local sealed = values[name]
    if sealed ~= '' then
      found[#found + 1] = name .. ' ' .. sealed
      bytes = bytes + #name + length_of(sealed)
    end
  end
  if #found > tonumber(ARGV[MOST_HEADERS]) or bytes > tonumber(ARGV[MOST_HEADER_BYTES]) then
    return nil
  end
  return table.concat(found, ',')
end

-- What an endpoint's headers become with another URL and with what the arguments say; false if they stay as they are. A second result
-- says why nothing may be changed: 'moved' (the values were sealed for another origin) or 'too_many_headers'.
local function changed_headers(kept, url_before, url)
  local origin, is_given = origin_of(url), ARGV[HEADERS_ORIGIN] ~= ''
  local stay = origin == origin_of(url_before) and ARGV[CLEARS_HEADERS] ~= '1'
  local anew = stay and kept or ''
  if is_given then
    if origin ~= ARGV[HEADERS_ORIGIN] then
      return false, 'moved'
    end
    anew = merged(anew)
    if not anew then
      return false, 'too_many_headers'
    end
  end
  return anew ~= kept and anew
end
