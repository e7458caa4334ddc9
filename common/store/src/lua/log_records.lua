-- log_records: what is known of deliveries now. Reads only.
--
-- Returns {the record of each (see `record_view`)…}, in their order.
local records = {}
for i, delivery in ipairs(each_delivery) do
  records[i] = record_view(ARGV[delivery])
end
return records
