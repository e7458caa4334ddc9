-- choose: accept, for events of accounts that have filters: each says what the API found of it.
verdict_of = function(event)
  return ARGV[event + VERDICT]
end
