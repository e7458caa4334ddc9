"""A webhook receiver as a customer would write it: it verifies both signatures. Python's standard library only."""

import base64
import hashlib
import hmac
import json
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def rkt_signature_is_good(secret: str, headers, body: bytes) -> bool:
    """X-RKT-Signature: hex HMAC-SHA256 of the body, keyed with the whole secret's text."""
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, headers.get("X-RKT-Signature", ""))


def standard_signature_is_good(secret: str, headers, body: bytes) -> bool:
    """Standard Webhooks: base64 HMAC-SHA256 of `id.timestamp.body`, keyed with what follows `whsec_`, decoded."""
    timestamp = headers.get("webhook-timestamp", "0")
    if abs(time.time() - int(timestamp)) > 300:
        return False
    signed = f"{headers.get('webhook-id', '')}.{timestamp}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    candidates = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected, candidate) for candidate in candidates)


class Arrival:
    """One request, and what the receiver found out about it."""

    def __init__(self, handler, body: bytes, secret: str, status: int):
        headers = handler.headers
        self.at = time.time()
        self.id = headers.get("webhook-id", "")
        self.attempt = int(headers.get("X-RKT-Attempt", "0"))
        self.rkt = rkt_signature_is_good(secret, headers, body)
        self.standard = standard_signature_is_good(secret, headers, body)
        self.status = status
        self.event = json.loads(body)["event"]


class Receiver:
    """Listens, on loopback by default. Each path has a secret, and a rule that says what status a request gets.

    On a port that senders know already, a request may come at once: give the secrets with it."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0, secrets: dict[str, str] | None = None):
        self.secrets: dict[str, str] = dict(secrets or {})
        self.rules: dict[str, object] = {}
        self.arrivals: dict[str, list[Arrival]] = defaultdict(list)
        self.changed = threading.Condition()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                status = receiver.take(self, body)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer((host, port), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        host, port = self.server.server_address
        return f"http://{host}:{port}{path}"

    def take(self, handler, body: bytes) -> int:
        path = handler.path
        with self.changed:
            rule = self.rules.get(path, 200)
            status = rule(handler.headers) if callable(rule) else rule
            self.arrivals[path].append(Arrival(handler, body, self.secrets.get(path, ""), status))
            self.changed.notify_all()
        return status

    def wait(self, path: str, count: int, seconds: float, counts=lambda arrival: True) -> list[Arrival]:
        """The arrivals at a path that count, once there are enough of them or the time is over."""

        def found():
            return [arrival for arrival in self.arrivals[path] if counts(arrival)]

        with self.changed:
            self.changed.wait_for(lambda: len(found()) >= count, timeout=seconds)
            return found()

    def wait_until(self, condition, seconds: float):
        """Returns once the condition holds or the time is over."""
        with self.changed:
            self.changed.wait_for(condition, timeout=seconds)
