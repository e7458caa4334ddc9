-- event_types_announce: says which event types the API has that starts now.
--
-- ARGV[OPERATION] is a fresh id of this start. `each_mark`: marks that this script answered before the endpoints were searched.
-- Returns {'announced'}, or {'leaving', marks}, each `<type> <who marked it first>`: these types would go. Nobody can subscribe to them
-- while the caller searches the endpoints; then it comes again with the marks, or withdraws them (`event_types_keep`).
-- Guarantees: a type goes only if it was marked without a break since before the search. Several APIs may search at the same time, by
-- the same marks. Marks end by themselves, should all of them die. The same call again says the same.
local LIFETIME = 600000
local types, leaving = P .. 'event_types', P .. 'event_types:leaving'
local wanted, fields, searched = {}, {}, {}
for _, event_type in ipairs(each_event_type) do
  wanted[ARGV[event_type + NAME]] = true
  fields[#fields + 1] = ARGV[event_type + NAME]
  fields[#fields + 1] = ARGV[event_type + DIGEST]
end
for _, mark in ipairs(each_mark) do
  searched[ARGV[mark]] = true
end
local known = call('HKEYS', types)
if #known == 0 then
  -- Programs of before this key have the default types.
  known = split(ARGV[ASSUMED])
end
local marks, is_searched = {}, true
for _, name in ipairs(known) do
  if not wanted[name] then
    call('HSETNX', leaving, name, ARGV[OPERATION])
    local mark = name .. ' ' .. call('HGET', leaving, name)
    marks[#marks + 1] = mark
    is_searched = is_searched and searched[mark]
  end
end
if not is_searched then
  call('PEXPIRE', leaving, LIFETIME)
  return { 'leaving', marks }
end
call('DEL', types, leaving)
call('HSET', types, unpack(fields))
return { 'announced' }
