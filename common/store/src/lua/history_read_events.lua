-- history_read_events: a piece of an account's list of finished events, from its head on, with the events. Reads only.
--
-- ARGV[SKIP]: how many entries were read before; ARGV[MOST]: how many to read; ARGV[AGE]: for how long (ms) they must have been finished.
-- Returns {how often something of the account was sent again, {an entry, and of one that counts `account`, `event`, `body`, `acceptedAt`,
-- `deliveries`, `charge`}…}, up to half a megabyte of payloads.
local now = look_at_clock()
local due, bytes, read = now - tonumber(ARGV[AGE]), 0, {}
local list, skip = P .. 'account:' .. ARGV[ACCOUNT] .. ':' .. ARGV[CLASS], tonumber(ARGV[SKIP])
for i, text in ipairs(call('LRANGE', list, skip, skip + tonumber(ARGV[MOST]) - 1)) do
  local at, id, again = string.match(text, '^(%d+) (%w+) ?(%d*)$')
  if at and tonumber(at) * 1000 > due or bytes > 524288 then
    break
  end
  read[i] = { text }
  local v = at and call('HMGET', P .. 'event:evt_' .. id, 'account', 'event', 'body', 'acceptedAt', 'deliveries', 'charge', 'refs', 'again')
  if v and v[1] == ARGV[ACCOUNT] and v[3] and v[7] == '0' and (v[8] or '') == again then
    read[i] = { text, v[1], v[2] or '', v[3], v[4] or '0', v[5] or '0', v[6] or '0' }
    bytes = bytes + #v[3]
  end
end
return { call('GET', P .. 'account:' .. ARGV[ACCOUNT] .. ':again') or '', read }
