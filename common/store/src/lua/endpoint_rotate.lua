-- endpoint_rotate: gives an endpoint a new signing secret; the one before stays in use until its grace ends.
--
-- ARGV[CONDITION]: the tags of which it must have one, or `*`.
-- Returns {'rotated', endpoint (see `view`)}, {'mismatch'} when it has none of the tags, {'in_grace', when it ends (ms)},
-- {'overtaken'} when the new secret's number isn't the next one (another rotation came in between), or {} when the account has no
-- such endpoint.
-- Guarantees: the same secret again changes nothing.
local id, secret = ARGV[ENDPOINT], ARGV[SECRET]
local key = P .. 'endpoint:' .. id
local kept = owned_endpoint(id, ARGV[ACCOUNT], 'secret', 'previousSecretUntil')
if not kept then
  return {}
end
if kept.secret ~= secret then
  if not has_tag(id, ARGV[CONDITION]) then
    return { 'mismatch' }
  end
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
