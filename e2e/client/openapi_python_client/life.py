"""The life of an endpoint, told through the client that openapi-python-client makes from openapi/openapi.json; see e2e/tests/client."""

import http.server
import os
import threading
import time
from datetime import datetime, timedelta, timezone

from api import AuthenticatedClient
from api.api.deliveries import count_replay, get_delivery, list_deliveries
from api.api.endpoints import (
    change_endpoint,
    create_endpoint,
    get_endpoint,
    list_endpoints,
    remove_endpoint,
    send_test_event,
)
from api.api.events import push_event
from api.models import (
    ChangeEndpoint,
    CountReplay,
    CreateEndpoint,
    DisabledReason,
    EndedAs,
    ErrorCode,
    FailureCode,
    ListDeliveriesStatus,
    Problem,
    PushEvent,
    PushEventData,
    SendTestEvent,
)


class Receiver(http.server.BaseHTTPRequestHandler):
    """A customer's server: it answers as it was told last."""

    status = 200

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def client_with(token):
    return AuthenticatedClient(base_url=os.environ["API_URL"], token=os.environ[token])


def body(answer, status=200):
    """What an answer contains, if it has this status."""
    assert answer.status_code == status, answer
    return answer.parsed


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}/webhook"
dashboard, backend = client_with("DASHBOARD_TOKEN"), client_with("SERVICE_KEY")

created = body(create_endpoint.sync_detailed(client=dashboard, body=CreateEndpoint(url=url, events=["lead.captured"])), 201)
assert created.secret.startswith("whsec_")
assert (created.last_attempt, created.disabled_reason) == (None, None)
assert [endpoint.id for endpoint in body(list_endpoints.sync_detailed(client=dashboard)).endpoints] == [created.id]
print("✓ an endpoint was created and listed")

wrong = CreateEndpoint(url="ftp://example.com", events=["lead.captured"])
refused = body(create_endpoint.sync_detailed(client=dashboard, body=wrong), 422)
assert isinstance(refused, Problem)
assert (refused.code, refused.field) == (ErrorCode.URL_SCHEME_NOT_ALLOWED, "url")
print("✓ a wrong URL was refused with a code that the document has")

event = PushEvent(
    account_id=os.environ["ACCOUNT_ID"],
    event="lead.captured",
    chatbot_id="bot_1",
    data=PushEventData.from_dict({"leadId": "first"}),
)
assert body(push_event.sync_detailed(client=backend, body=event), 202).deliveries == 1
deadline = time.monotonic() + 30
while (last := body(get_endpoint.sync_detailed(created.id, client=dashboard)).last_attempt) is None:
    assert time.monotonic() < deadline, "no attempt was told"
    time.sleep(0.02)
assert (last.succeeded, last.error) == (True, None)
print("✓ an event was delivered")

Receiver.status = 500
tested = body(send_test_event.sync_detailed(created.id, client=dashboard, body=SendTestEvent(event="ticket.created")))
assert (tested.succeeded, tested.attempt.error) == (False, FailureCode.HTTP_STATUS)
Receiver.status = 200
succeeded = ListDeliveriesStatus.SUCCEEDED
log = body(list_deliveries.sync_detailed(created.id, client=dashboard, status=succeeded, limit=10))
detail = body(get_delivery.sync_detailed(created.id, log.deliveries[0].id, client=dashboard))
assert len(detail.attempt_log) == 1
since = datetime.now(timezone.utc) - timedelta(hours=1)
counted = CountReplay(since=since, status=EndedAs.SUCCEEDED)
assert body(count_replay.sync_detailed(created.id, client=dashboard, body=counted)).matching == 1
print("✓ a test event failed, and the log tells of both")

change = ChangeEndpoint(id=created.id, active=False)
assert body(change_endpoint.sync_detailed(client=dashboard, body=change)).disabled_reason == DisabledReason.OWNER
change = ChangeEndpoint(id=created.id, active=True)
assert body(change_endpoint.sync_detailed(client=dashboard, body=change)).disabled_reason is None
body(remove_endpoint.sync_detailed(client=dashboard, id=created.id), 204)
assert body(get_endpoint.sync_detailed(created.id, client=dashboard), 404).code == ErrorCode.ENDPOINT_NOT_FOUND
print("✓ it was removed")
