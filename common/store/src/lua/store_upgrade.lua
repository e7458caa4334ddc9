-- store_upgrade: raises the schema of the store, so that from now on all programs write newer forms.
--
-- ARGV[FROM]: the schema that the caller saw. Returns the schema that the store has now.
-- Guarantees: programs that don't know the new schema do nothing from this step on, since the identity no longer is the one that they
-- mean. Repeating it changes nothing more.
if SCHEMA == ARGV[FROM] then
  SCHEMA = ARGV[TO]
  call('HSET', KEYS[#KEYS], 'schema', SCHEMA, 'store', string.match(meta[1], '^[^+]*') .. '+s' .. SCHEMA)
end
return SCHEMA
