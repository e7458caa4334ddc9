-- history_purge: lets go now of what an account has finished until a moment, before it has reached its age.
--
-- ARGV[UNTIL] is that moment (ms). ARGV[KEEPS_EXHAUSTED]: '1' if payloads of exhausted events stay. each series: an endpoint of whose log blocks
-- may go.
-- Returns {events, blocks of logs, bytes, 1 if there may be more}.
-- Guarantees: a bounded step, which may be repeated. Only what has finished goes, oldest first, as at its age: what is kept says since when it
-- is complete. Of a block all must be that old. An account that is on its way elsewhere, or is being erased, keeps what it has.
local account, until_ms = ARGV[ACCOUNT], tonumber(ARGV[UNTIL])
local refusal = terms.refusal(account)
if refusal then
  return refusal
end
local kept = call('HMGET', P .. 'policy', 'retentionSucceeded', 'retentionFailed')
RETENTION_SUCCEEDED = text_of(math.max(60000, tonumber(kept[1]) or 86400000))
RETENTION_FAILED = text_of(math.max(60000, tonumber(kept[2]) or 1209600000))

-- Drops blocks of a series, oldest first. Returns how many events, blocks and bytes went.
local function purge_blocks(class, owner)
  local events, blocks, bytes = 0, 0, 0
  while blocks_left > 0 do
    local head = call('ZRANGE', P .. 'blocks:' .. class .. ':' .. owner, 0, 0, 'WITHSCORES')
    if not head[1] or tonumber(head[2]) > until_ms then
      break
    end
    local more_events, more_bytes = drop_one(class, owner, account)
    events, blocks, bytes = events + more_events, blocks + 1, bytes + more_bytes
  end
  return events, blocks, bytes
end

-- The same of what isn't packed yet.
local function purge_unpacked(class)
  local events, bytes = 0, 0
  while entries_left > 0 and bytes_left > 0 do
    local before = entries_left
    local more_events, more_bytes = release_oldest(account, class, math.floor(until_ms / 1000), bytes_left)
    events, bytes = events + more_events, bytes + more_bytes
    if before - entries_left < 100 then
      break
    end
  end
  return events, bytes
end

local events, logs, bytes = 0, 0, 0
for _, class in ipairs({ 'delivered', ARGV[KEEPS_EXHAUSTED] ~= '1' and 'exhausted' or nil }) do
  -- Blocks are older than what isn't packed yet.
  local of_blocks, _, in_blocks = purge_blocks(class, account)
  local beside, their_bytes = 0, 0
  if blocks_left > 0 then
    beside, their_bytes = purge_unpacked(class)
  end
  events, bytes = events + of_blocks + beside, bytes + in_blocks + their_bytes
end
for _, series in ipairs(each_series) do
  if call('HGET', P .. 'endpoint:' .. ARGV[series], 'account') == account then
    local _, blocks, in_blocks = purge_blocks('log', ARGV[series])
    logs, bytes = logs + blocks, bytes + in_blocks
  end
end
if events > 0 then
  count('releasedByOperator', events)
  flush()
end
return { events, logs, bytes, (blocks_left <= 0 or entries_left <= 0 or bytes_left <= 0) and 1 or 0 }
