-- Leases that expired -----------------------------------------------------------------------------------------------

local reaped = now >= hold and call('ZRANGEBYSCORE', LEASES, '-inf', now, 'LIMIT', 0, limit) or {}
for _, delivery in ipairs(reaped) do
  local token = call('HGET', TOKENS, delivery) or ''
  local terms = tally.parse_token(token)
  local attempt = tonumber(terms.attempt) or 1
  shares.free(terms)
  local e = endpoint(endpoint_of(delivery))
  if e then
    e.in_flight = math.max(0, e.in_flight - 1)
    lost(e, delivery, attempt - 1, judge(delivery, token))
  else
    cancel(nil, delivery, 0)
  end
end
if #reaped > 0 then
  call('ZREM', LEASES, unpack(reaped))
  call('HDEL', TOKENS, unpack(reaped))
  shares.settle_freed()
  more = more or #reaped == limit
end
