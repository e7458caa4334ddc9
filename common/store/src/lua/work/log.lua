-- The log --------------------------------------------------------------------------------------------------------

-- An attempt as its log entry begins: one text (see logged.lua), or the fields of schema 1.
local function packed(delivery, attempt, outcome, report)
  local kind, ms, status, timing = ARGV[report + EVENT], ARGV[report + MS], ARGV[report + STATUS], ARGV[report + TIMING]
  if SCHEMA ~= '1' then
    return { 'attempt', delivery .. ' ' .. (kind == '' and '-' or kind) .. ' ' .. attempt .. ' ' .. outcome .. ' ' .. ms .. ' '
      .. (status == '' and '-' or status) .. ' ' .. (timing == '' and '-' or timing) }
  end
  local fields = { 'delivery', delivery, 'event', kind, 'attempt', attempt, 'outcome', outcome, 'ms', ms }
  add_filled(fields, 'status', status)
  add_filled(fields, 'timing', timing)
  return fields
end

-- Writes an attempt down; returns the log entry's id. Numbers that go to Redis are texts wherever they can be: Redis writes out
-- a number with 17 digits, which takes longer than many a command.
local function log(e, delivery, attempt, outcome, report, held_until, is_probe)
  e.last_report, e.last_delivery, e.last_number = report, delivery, attempt
  local fields = packed(delivery, attempt, outcome, report)
  add_filled(fields, 'probe', is_probe and '1' or '')
  if ARGV[report + KIND] ~= 'S' then
    add_filled(fields, 'error', ARGV[report + ERROR])
    add_filled(fields, 'detail', ARGV[report + DETAIL])
    add_filled(fields, 'headers', ARGV[report + HEADERS])
    add_filled(fields, 'snippet', ARGV[report + SNIPPET])
    add_filled(fields, 'heldUntil', held_until and text_of(held_until) or '')
  end
  return write_log(e.id, fields)
end

-- An endpoint's last attempt, as the API reads it.
local function last_attempt(e)
  local report = e.last_report
  local succeeded = ARGV[report + KIND] == 'S'
  return table.concat({ now, e.last_delivery, e.last_number, succeeded and 1 or 0, ARGV[report + STATUS], ARGV[report + MS],
    succeeded and '' or ARGV[report + ERROR] }, ' ')
end
