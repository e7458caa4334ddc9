-- audit_note: notes what an operator begins or has done in more than one step.
--
-- ARGV[ORDER]: see audit.lua.
note_order(ARGV[ORDER], ARGV[ACTION], ARGV[TARGET], ARGV[OF], ARGV[RESULT])
flush()
