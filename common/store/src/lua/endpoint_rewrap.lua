-- endpoint_rewrap: replaces sealed secrets of an endpoint, values of its headers among them, with the same, sealed anew.
--
-- Returns how many are in place now; 0 when the account has no such endpoint.
-- Guarantees: only what is still there is replaced, so that a rotation in between is never undone; repeating it changes
-- nothing. The endpoint's version stays: the secrets are the same.
local key = P .. 'endpoint:' .. ARGV[ENDPOINT]
local kept = owned_endpoint(ARGV[ENDPOINT], ARGV[ACCOUNT], 'secret', 'previousSecret', 'headers')
local replaced, headers = 0, kept and kept.headers or ''
if kept then
  for _, pair in ipairs(each_pair) do
    local old, anew = ARGV[pair + OLD], ARGV[pair + ANEW]
    if kept.secret == old then
      call('HSET', key, 'secret', anew)
    elseif kept.previousSecret == old then
      call('HSET', key, 'previousSecret', anew)
    end
    -- Nothing else has the same random bytes.
    local begins, ends = string.find(headers, old, 1, true)
    if begins then
      headers = string.sub(headers, 1, begins - 1) .. anew .. string.sub(headers, ends + 1)
      call('HSET', key, 'headers', headers)
    end
    if kept.secret == old or kept.previousSecret == old or kept.secret == anew or kept.previousSecret == anew
      or string.find(headers, anew, 1, true) then
      replaced = replaced + 1
    end
  end
end
return replaced
