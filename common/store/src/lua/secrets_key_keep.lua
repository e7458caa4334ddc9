-- secrets_key_keep: puts what tells the right SECRETS_KEY in the place of `old`, empty for none. Returns what is there then.
-- Guarantees: of programs that start at once, one is believed by all. Repeating it changes nothing.
local known = call('GET', P .. 'secrets_key') or ''
if known ~= ARGV[OLD] then
  return known
end
call('SET', P .. 'secrets_key', ARGV[ANEW])
return ARGV[ANEW]
