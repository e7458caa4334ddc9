# Runs the verification code for Ruby: see run.mjs.

require "json"
require_relative "../../../dashboard/src/snippets/verify"

verdicts = JSON.parse($stdin.read).map do |request|
  verify_webhook(request["body"].b, request["headers"], request["secret"])
end
puts JSON.generate(verdicts)
