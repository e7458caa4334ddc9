-- call_count: counts a call of the dashboard, unless the account has had as many as it may in this minute.
--
-- ARGV: account, how many it may have.
-- Returns 1 or 0 (whether it may be made), what is left, ms until the count begins anew.
-- Guarantees: a call that is refused is not counted. The time is Redis's own: that of the counter's end.
local key, most = P .. 'account:' .. ARGV[1] .. ':calls', tonumber(ARGV[2])
local used, ends_in = tonumber(call('GET', key) or 0), call('PTTL', key)
if ends_in < 1 or ends_in > 60000 then
  used, ends_in = 0, 60000 -- a new minute; or Redis's clock was set back
end
if used >= most then
  return { 0, 0, ends_in }
end
if used == 0 then
  call('SET', key, 1, 'PX', 60000)
else
  call('INCR', key)
end
return { 1, most - used - 1, ends_in }
