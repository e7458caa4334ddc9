-- clock: tells the time by which everything that is stored is dated. Reads only.
--
-- Returns ms since 1970.
return (look_at_clock())
