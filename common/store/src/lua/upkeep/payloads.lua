-- Payloads of finished events ---------------------------------------------------------------------------------------

local aged, early, over_budget, more = release(tonumber(ARGV[ROOM]), age_hold, tonumber(ARGV[EXHAUSTED_BUDGET]),
  tonumber(ARGV[HISTORY_BUDGET]))
