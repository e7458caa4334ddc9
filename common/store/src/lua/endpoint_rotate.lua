-- endpoint_rotate: gives an endpoint a new signing secret; the one before stays in use until its grace ends.
--
-- ARGV: endpoint id, account, sealed new secret, grace (ms), which secret makes the legacy signature ('new' or 'previous'),
--       '1' to rotate even while a grace lasts.
-- Returns {'rotated', endpoint (see `view`)}, {'in_grace', when it ends (ms)}, {'overtaken'} when the new secret's number isn't
-- the next one (another rotation came in between), or {} when the account has no such endpoint.
-- Guarantees: the same secret again changes nothing.

-- Which of the endpoint's secrets a sealed one is: `v2.<key>.<number>.<sealed>`; those of the format before have no number.
local function number_of(sealed)
  return tonumber(string.match(sealed, '^v2%.%x+%.(%d+)%.')) or 0
end

local id, account, secret, grace = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[4])
local key = P .. 'endpoint:' .. id
local v = call('HMGET', key, 'account', 'secret', 'previousSecretUntil')
if v[1] ~= account then
  return {}
end
if v[2] ~= secret then
  local now = read_clock()
  if whole(v[3]) > now and ARGV[6] ~= '1' then
    return { 'in_grace', v[3] }
  end
  if number_of(secret) ~= number_of(v[2]) + 1 then
    return { 'overtaken' }
  end
  call('HSET', key, 'secret', secret, 'previousSecret', v[2], 'previousSecretUntil', now + grace, 'legacySignature', ARGV[5],
    'updatedAt', now)
  call('HINCRBY', key, 'version', 1)
  log_state(id, call('HGET', key, 'state'), 'secret_rotated')
end
return { 'rotated', view(id) }
