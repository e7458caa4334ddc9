-- store_upgrade: raises the schema of the store, so that from now on all programs write newer forms.
--
-- ARGV[FROM]: the schema that the caller saw. Returns 1, or 0 when the store no longer has that one.
-- Guarantees: programs that don't know the new schema do nothing from this step on, since the identity no longer is the one that they
-- mean. Repeating it changes nothing more.
if stored_schema ~= ARGV[FROM] then
  return 0
end
call('HSET', META, 'schema', ARGV[TO], 'store', string.match(meta[1], '^[^+]*') .. '+s' .. ARGV[TO], 'raisedAt',
  string.format('%d', look_at_clock()))
return 1
