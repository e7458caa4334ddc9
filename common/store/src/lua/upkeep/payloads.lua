-- Payloads of finished events ---------------------------------------------------------------------------------------

local aged, early, more = release(tonumber(ARGV[ROOM]), age_hold)
