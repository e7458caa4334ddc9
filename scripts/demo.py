"""The demonstration: see ./scripts/demo --help. Python's standard library only."""

import json
import os
import sys
import time
import urllib.error
import urllib.request

from demo_receiver import Receiver

API = os.environ["API_URL"]
ACCOUNT = os.environ["ACCOUNT_ID"]
COLOURS = sys.stdout.isatty()

EVENTS = {
    "session.created": {"sessionId": "rkt_8f2k", "channel": "widget", "page": "https://shop.example/pricing"},
    "message.received": {"sessionId": "rkt_8f2k", "messageId": "msg_1", "text": "Do you ship to Norway?"},
    "message.sent": {"sessionId": "rkt_8f2k", "messageId": "msg_2", "author": "ai", "text": "Yes, within five days."},
    "lead.captured": {"leadId": "clx4w1", "name": "Jøran Dahl", "email": "joran@example.com", "source": "lead-tool"},
    "ticket.created": {"ticketId": "T-1042", "subject": "Where is my order?", "priority": "normal"},
    "ticket.updated": {"ticketId": "T-1042", "status": "in_progress", "previousStatus": "open"},
    "handoff.escalated": {"sessionId": "rkt_8f2k", "reason": "asked for a person"},
    "handoff.assigned": {"sessionId": "rkt_8f2k", "agentId": "agt_7", "agentName": "Mira"},
    "handoff.returned": {"sessionId": "rkt_8f2k", "agentId": "agt_7"},
    "session.resolved": {"sessionId": "rkt_8f2k", "resolvedBy": "ai", "messages": 12},
}

failures: list[str] = []
endpoints: list[str] = []
receiver = Receiver()


class Refused(Exception):
    """The API answered with a problem."""


def paint(text: str, code: str) -> str:
    return f"\033[{code}m{text}\033[0m" if COLOURS else text


def title(text: str):
    print("\n" + paint(text, "1"))


def check(good: bool, text: str):
    mark = paint("✓", "32") if good else paint("✗", "31")
    print(f"  {mark} {text}")
    if not good:
        failures.append(text)


def call(method: str, path: str, token: str, body=None):
    request = urllib.request.Request(API + path, method=method)
    request.add_header("Authorization", "Bearer " + os.environ[token])
    data = None
    if body is not None:
        request.add_header("Content-Type", "application/json")
        data = json.dumps(body, ensure_ascii=False).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    give_up = time.monotonic() + 3
    while True:
        try:
            with opener.open(request, data, timeout=15) as response:
                return json.loads(response.read() or "null")
        except urllib.error.HTTPError as error:
            problem = json.loads(error.read() or "{}")
            raise Refused(f"{error.code} {problem.get('code')}: {problem.get('title')}. {problem.get('detail')}") from None
        except urllib.error.URLError as error:
            # It is away for a moment when ./scripts/run puts optimised programs in the place of the first ones.
            if not isinstance(error.reason, ConnectionRefusedError) or time.monotonic() > give_up:
                sys.exit(f"demo: {API} can't be reached ({error.reason}): is ./scripts/run running?")
            time.sleep(0.1)


def use_types_of_the_service():
    """With EVENT_TYPES_FILE there are other types: then their samples are pushed."""
    kinds = [kind for kind in call("GET", "/api/event-types", "DASHBOARD_TOKEN")["eventTypes"] if not kind["accountEvent"]]
    samples = {kind["name"]: kind["sample"]["data"] for kind in kinds}
    if not EVENTS.keys() <= samples.keys():
        EVENTS.clear()
        EVENTS.update(samples)


def usual(kind: str) -> str:
    """This type, or the first one where there is none of this name."""
    return kind if kind in EVENTS else next(iter(EVENTS))


def register(path: str, events: list[str]) -> str:
    made = call("POST", "/api/webhooks-config", "DASHBOARD_TOKEN", {"url": receiver.url(path), "events": events})
    endpoints.append(made["id"])
    receiver.secrets[path] = made["secret"]
    secret = made["secret"][:10] + "…"
    print(f"  registered {made['id']}  {made['url']}  for {', '.join(events)}  (secret {secret}, shown once)")
    return made["id"]


def endpoint(id: str):
    return call("GET", f"/api/webhooks-config/{id}", "DASHBOARD_TOKEN")


def event(kind: str, data) -> dict:
    return {"accountId": ACCOUNT, "event": kind, "chatbotId": "cmf9n7u1c", "data": data}


def push(kind: str, data) -> str:
    return call("POST", "/api/events", "SERVICE_KEY", event(kind, data))["id"]


def until(seconds: float, ask):
    """Asks until the answer is true or the time is over, and gives back the last answer."""
    deadline = time.time() + seconds
    while not (answer := ask()) and time.time() < deadline:
        time.sleep(0.05)
    return answer


def one_of_each():
    title("1. One event of each type")
    register("/all", ["*"])
    sent = {}
    for kind, data in EVENTS.items():
        before = time.time()
        sent[push(kind, data)] = before
    arrivals = {arrival.id: arrival for arrival in receiver.wait("/all", len(sent), 15)}
    print("\n    event               id                              arrived   X-RKT-Signature  webhook-signature")
    for id, before in sent.items():
        if arrival := arrivals.get(id):
            words = ["verified" if good else "WRONG" for good in (arrival.rkt, arrival.standard)]
            print(f"    {arrival.event:<18}  {id}  {1000 * (arrival.at - before):5.1f} ms  {words[0]:<15}  {words[1]}")
    print()
    check(set(arrivals) == set(sent), f"{len(arrivals)} of {len(sent)} events arrived")
    good = all(arrival.rkt and arrival.standard for arrival in arrivals.values())
    check(good, "both signatures of each were verified with the secret")


def a_batch():
    title("2. A batch, one item of which is wrong")
    items = [event(usual("message.received"), {"text": f"message {number}"}) for number in range(1, 6)]
    items[2]["event"] = "message.recieved"
    results = call("POST", "/api/events/batch", "SERVICE_KEY", {"events": items})["results"]
    for number, result in enumerate(results, 1):
        if result["status"] == 202:
            print(f"    item {number}: 202  {result['id']}  to {result['deliveries']} endpoint")
        else:
            problem = result["error"]
            print(f"    item {number}: {result['status']}  {problem['code']}: {problem['detail']}")
    ids = {result["id"] for result in results if result["status"] == 202}
    arrived = receiver.wait("/all", len(ids), 15, lambda arrival: arrival.id in ids)
    check(len(ids) == 4 and len(arrived) == 4, "four arrived; the wrong one hurt no other")


def a_failure():
    title("3. A receiver that fails once")
    receiver.rules["/shaky"] = lambda headers: 500 if headers["X-RKT-Attempt"] == "1" else 200
    id = register("/shaky", [usual("ticket.created")])
    event_id = push(usual("ticket.created"), {"ticketId": "T-7"})
    seen = until(10, lambda: (now := endpoint(id))["lastAttempt"] and now)
    last = (seen or {}).get("lastAttempt") or {}
    print(f"    attempt {last.get('attempt')}: status {last.get('status')}, error {last.get('error')}, "
          f"{last.get('durationMs')} ms; failures in a row: {(seen or {}).get('consecutiveFailures')}")
    check(last.get("status") == 500, "the API says what failed and why; the next attempt comes after about 5 s")
    arrivals = receiver.wait("/shaky", 2, 30)
    same = [arrival.id for arrival in arrivals] == [event_id, event_id]
    check(same and arrivals[1].status == 200, "attempt 2 arrived, with the same webhook-id")
    reset = until(10, lambda: endpoint(id)["consecutiveFailures"] == 0)
    check(bool(reset), "the success set the failure counter back to 0")


def disabled_and_back():
    title("4. A receiver that is down: ten failures in a row, over ten seconds at least, disable its endpoint")
    receiver.rules["/down"] = 503
    id = register("/down", [usual("lead.captured")])
    ids = [push(usual("lead.captured"), {"leadId": f"clx{number}"}) for number in range(1, 11)]
    now = until(60, lambda: (now := endpoint(id))["active"] is False and now) or endpoint(id)
    print(f"    {len(receiver.arrivals['/down'])} attempts were answered 503")
    check(now["active"] is False, f"active: {now['active']}, disabledReason: {now['disabledReason']}, "
          f"consecutiveFailures: {now['consecutiveFailures']}")
    ids += [push(usual("lead.captured"), {"leadId": f"clx{number}"}) for number in (11, 12)]
    waiting = endpoint(id)["queueDepth"]
    check(waiting == 12, f"{waiting} deliveries are parked: those that failed, and two that came since")

    title("5. The receiver is repaired, and the endpoint switched on again")
    receiver.rules["/down"] = 200
    now = call("PATCH", "/api/webhooks-config", "DASHBOARD_TOKEN", {"id": id})
    check(now["active"] is True and now["consecutiveFailures"] == 0, "active: True, consecutiveFailures: 0")
    arrivals = receiver.wait("/down", len(ids), 60, lambda arrival: arrival.status == 200)
    print(f"    arrived: {len(arrivals)} deliveries, as attempts "
          f"{', '.join(str(arrival.attempt) for arrival in arrivals)}")
    all_there = sorted(arrival.id for arrival in arrivals) == sorted(ids)
    check(all_there, "every parked delivery arrived once")
    check(all(arrival.rkt and arrival.standard for arrival in arrivals), "all signatures were verified")
    empty = until(10, lambda: endpoint(id)["queueDepth"] == 0)
    check(bool(empty), "its queue is empty")


def clean_up():
    for id in endpoints:
        call("DELETE", f"/api/webhooks-config?id={id}", "DASHBOARD_TOKEN")
    print(f"\nremoved the {len(endpoints)} endpoints of the demonstration")


def main() -> int:
    print(f"Webhooks at {API}, account {ACCOUNT}")
    try:
        use_types_of_the_service()
        one_of_each()
        a_batch()
        a_failure()
        disabled_and_back()
    except Refused as problem:
        check(False, f"the API refused: {problem}")
    finally:
        clean_up()
    if failures:
        print(paint(f"{len(failures)} things were not as they should be", "31"))
        return 1
    print(paint("All as it should be", "32"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
