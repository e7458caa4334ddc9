# Whether a webhook is genuine, and at most 5 minutes old.
# body: as it came, not parsed. In Rails: request.raw_post,
# with request.headers
require "openssl"

TOLERANCE = 5 * 60 # seconds

def verify_webhook(body, headers, secret)
  id = headers["webhook-id"]
  timestamp = headers["webhook-timestamp"]
  return false if (Time.now.to_i - timestamp.to_i).abs > TOLERANCE

  key = secret.delete_prefix("whsec_").unpack1("m")
  mac = OpenSSL::HMAC.digest("SHA256", key, "#{id}.#{timestamp}.#{body}")
  expected = "v1,#{[mac].pack("m0")}"

  # While a secret is being replaced there are two signatures.
  headers["webhook-signature"].to_s.split.any? do |signature|
    OpenSSL.secure_compare(signature, expected)
  end
end
