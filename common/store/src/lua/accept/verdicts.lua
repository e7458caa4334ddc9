-- What the API found of an event, in scripts whose events say so.
verdict_of = function(event)
  return ARGV[event + VERDICT]
end
