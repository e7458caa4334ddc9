-- endpoint_rotate: gives an endpoint a new signing secret; the one before stays in use until its grace ends.
--
-- Returns {'rotated', endpoint (see `view`)}, {'in_grace', when it ends (ms)}, {'overtaken'} when the new secret's number isn't
-- the next one (another rotation came in between), or {} when the account has no such endpoint.
-- Guarantees: the same secret again changes nothing.

-- Which of the endpoint's secrets a sealed one is: `v2.<key>.<number>.<sealed>`; those of the format before have no number.
local function number_of(sealed)
  return tonumber(string.match(sealed, '^v2%.%x+%.(%d+)%.')) or 0
end

local id, secret = ARGV[ENDPOINT], ARGV[SECRET]
local key = P .. 'endpoint:' .. id
local kept = owned_endpoint(id, ARGV[ACCOUNT], 'secret', 'previousSecretUntil')
if not kept then
  return {}
end
if kept.secret ~= secret then
  local now = read_clock()
  if whole(kept.previousSecretUntil) > now and ARGV[FORCE] ~= '1' then
    return { 'in_grace', kept.previousSecretUntil }
  end
  if number_of(secret) ~= number_of(kept.secret) + 1 then
    return { 'overtaken' }
  end
  call('HSET', key, 'secret', secret, 'previousSecret', kept.secret, 'previousSecretUntil', now + tonumber(ARGV[GRACE]),
    'legacySignature', ARGV[LEGACY], 'updatedAt', now, 'updatedBy', ARGV[BY])
  call('HINCRBY', key, 'version', 1)
  log_state(id, call('HGET', key, 'state'), 'secret_rotated')
end
return { 'rotated', view(id) }
