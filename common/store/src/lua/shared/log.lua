-- log.lua: writes an endpoint's attempts and changes of state into its log.

-- In a store that has blocks of history, workers pack what is old (history_*.lua). Then this bounds a log in case they can't keep up: what
-- one endpoint gets in ten seconds at the most, which is how long a busy worker puts packing off.
local LONGEST_LOG = '100000'

-- Of the milliseconds in which something is logged, one of so many has the log looked at: often enough for any log that grows.
local LOOKED_AT_EVERY = 256

-- How many entries an endpoint's log may have, one of which is about to be written.
local function longest_log(id)
  if SCHEMA >= 3 then
    if read_clock() % LOOKED_AT_EVERY == 0 then
      call('ZADD', P .. 'packing', 'NX', text_of(read_clock()), 'log:' .. id)
    end
    return LONGEST_LOG
  end
  LOG_LENGTH = LOG_LENGTH or call('HGET', P .. 'policy', 'logLength') or '1000'
  return LOG_LENGTH
end

-- Appends to an endpoint's log; returns the entry's id, whose first part is the time. `fields` alternates names and values.
local function write_log(id, fields)
  local key, longest = P .. 'log:' .. id, longest_log(id)
  local entry = try('XADD', key, 'MAXLEN', '~', longest, text_of(read_clock()) .. '-*', unpack(fields))
  if type(entry) == 'table' then
    -- The newest entry is of a later time, which `stats` no longer knows of: this one comes right after it.
    entry = call('XADD', key, 'MAXLEN', '~', longest, '*', unpack(fields))
  end
  return entry
end

-- The same for an attempt that succeeded: `line` says it all (see logged.lua). Of what a call writes to a log the first one bounds it,
-- since that is done roughly anyway.
local log_time
local function write_line(e, line)
  local key = e.log
  local entry
  if key then
    entry = raw('XADD', key, log_time, 'attempt', line)
  else
    log_time, key = log_time or text_of(read_clock()) .. '-*', P .. 'log:' .. e.id
    e.log = key
    entry = raw('XADD', key, 'MAXLEN', '~', longest_log(e.id), log_time, 'attempt', line)
  end
  return type(entry) == 'string' and entry or write_log(e.id, { 'attempt', line })
end

-- Adds a field if there is something in it.
local function add_filled(fields, name, value)
  if value ~= '' then
    fields[#fields + 1], fields[#fields + 2] = name, value
  end
end

-- Logs a change of the endpoint's own state.
local function log_state(id, state, reason)
  write_log(id, { 'state', state, 'reason', reason })
end
