# Whether a webhook is genuine, and at most 5 minutes old.
# body: as it came, not parsed. In Flask: request.get_data(),
# in Django: request.body, in FastAPI: await request.body()
import base64
import hmac
import time

TOLERANCE = 5 * 60  # seconds


def verify_webhook(body: bytes, headers, secret: str) -> bool:
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    signatures = headers.get("webhook-signature", "")

    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    mac = hmac.digest(key, signed, "sha256")
    expected = b"v1," + base64.b64encode(mac)

    # While a secret is being replaced there are two signatures.
    for signature in signatures.split(" "):
        if hmac.compare_digest(expected, signature.encode()):
            return abs(time.time() - int(timestamp)) <= TOLERANCE
    return False
