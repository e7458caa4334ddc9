-- The log --------------------------------------------------------------------------------------------------------

-- An attempt as its log entry begins in schema 1.
local function in_fields(delivery, kind, attempt, outcome, ms, status, timing)
  local fields = { 'delivery', delivery, 'event', kind, 'attempt', attempt, 'outcome', outcome, 'ms', ms }
  add_filled(fields, 'status', status)
  add_filled(fields, 'timing', timing)
  return fields
end

-- A failed attempt as its log entry begins: one text (see logged.lua), or fields.
local function packed(delivery, attempt, outcome, report)
  local kind, ms, status, timing = ARGV[report + EVENT], ARGV[report + MS], ARGV[report + STATUS], ARGV[report + TIMING]
  if SCHEMA > 1 then
    return { 'attempt', delivery .. ' ' .. (kind == '' and '-' or kind) .. ' ' .. attempt .. ' ' .. outcome .. ' ' .. ms .. ' '
      .. (status == '' and '-' or status) .. ' ' .. (timing == '' and '-' or timing) }
  end
  return in_fields(delivery, kind, attempt, outcome, ms, status, timing)
end

-- A failed attempt as `note_recent` takes it.
local function failure_of(report)
  local status = ARGV[report + STATUS]
  return (status == '' and '-' or status) .. ' ' .. ARGV[report + ERROR] .. ' ' .. ARGV[report + DETAIL]
end

-- Writes a failed attempt down; returns the log entry's id. Numbers that go to Redis are texts wherever they can be: Redis writes out
-- a number with 17 digits, which takes longer than many a command.
local function log(e, delivery, attempt, outcome, report, held_until, is_probe)
  e.last_report = report
  local fields = packed(delivery, attempt, outcome, report)
  add_filled(fields, 'probe', is_probe and '1' or '')
  add_filled(fields, 'error', ARGV[report + ERROR])
  add_filled(fields, 'detail', ARGV[report + DETAIL])
  add_filled(fields, 'headers', ARGV[report + HEADERS])
  add_filled(fields, 'snippet', ARGV[report + SNIPPET])
  add_filled(fields, 'heldUntil', held_until and text_of(held_until) or '')
  return write_log(e.id, fields)
end

-- Writes a successful attempt down, as the worker wrote it out; returns the log entry's id.
local function log_success(e, delivery, attempt, report, is_probe)
  e.last_report = report
  local line = ARGV[report + LINE]
  if SCHEMA > 1 and not is_probe then
    return write_line(e, line)
  end
  local fields = { 'attempt', line }
  if SCHEMA == 1 then
    local kind, timing = string.match(line, '^%S+ (%S+) %S+ %S+ %S+ %S+ (.*)$')
    fields = in_fields(delivery, kind, attempt, 'succeeded', ARGV[report + MS], ARGV[report + STATUS], timing == '-' and '' or timing)
  end
  add_filled(fields, 'probe', is_probe and '1' or '')
  return write_log(e.id, fields)
end

-- An endpoint's last attempt, as the API reads it.
local function last_attempt(e)
  local report = e.last_report
  local succeeded, terms = ARGV[report + KIND] == 'S', tally.parse_token(ARGV[report + TOKEN])
  return text_of(now) .. ' ' .. ARGV[report + DELIVERY] .. ' ' .. terms.attempt .. (succeeded and ' 1 ' or ' 0 ') .. ARGV[report + STATUS] .. ' '
    .. ARGV[report + MS] .. ' ' .. (succeeded and '' or ARGV[report + ERROR])
end
