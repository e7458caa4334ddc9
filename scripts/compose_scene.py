"""The caller and the receiver of ./scripts/test-compose: Python's standard library only.

    leave     pushes an event while nobody listens: it waits for a retry
    fill      pushes large events while nobody listens, until the store is full
    drain     waits for every event that has not arrived, verifies signatures, and compares what the API says with all
              that was seen so far
    deliver   pushes an event, and then does what `drain` does

What was seen is kept in the file $STATE.
"""

import json
import os
import sys
import time
import urllib.error
import urllib.request
import uuid

from demo_receiver import Receiver

API = os.environ["API_URL"]
STATE = os.environ["STATE"]
HOST, PORT = os.environ["RECEIVER"].split(":")
PATH = "/hook"

# A retry comes after a few seconds, and what a dead worker held comes back within 40.
PATIENCE = 90


class Refused(Exception):
    """The API answered with a problem."""


def call(method: str, path: str, token: str, body=None, headers=None):
    request = urllib.request.Request(API + path, method=method)
    request.add_header("Authorization", "Bearer " + os.environ[token])
    request.add_header("Content-Type", "application/json")
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, data, timeout=15) as response:
            return json.loads(response.read() or "null")
    except urllib.error.HTTPError as error:
        raise Refused(f"{method} {path}: {error.code} {error.read().decode()}") from None


def load() -> dict:
    if os.path.exists(STATE):
        with open(STATE) as file:
            return json.load(file)
    url = f"http://{HOST}:{PORT}{PATH}"
    made = call("POST", "/api/webhooks-config", "DASHBOARD_TOKEN", {"url": url, "events": ["*"]})
    return {"endpoint": made["id"], "secret": made["secret"], "url": url, "waiting": [], "arrived": []}


def save(state: dict):
    with open(STATE, "w") as file:
        json.dump(state, file)


def push(state: dict, text: str = ""):
    number = len(state["waiting"]) + len(state["arrived"]) + len(state.get("old", []))
    event = {
        "accountId": os.environ["ACCOUNT_ID"],
        "event": "lead.captured",
        "chatbotId": "cmf9n7u1c",
        "data": {"number": number, "text": text},
    }
    pushed = accepted(event)
    if pushed["deliveries"] != 1:
        sys.exit(f"the endpoint is not there: {pushed}")
    state["waiting"].append(pushed["id"])


def accepted(event: dict) -> dict:
    """Pushes until it is accepted: while a server is replaced by another one, events are refused. A repeat makes no second one."""
    key = str(uuid.uuid4())
    deadline = time.time() + PATIENCE
    while True:
        try:
            return call("POST", "/api/events", "SERVICE_KEY", event, {"Idempotency-Key": key})
        except Refused as refused:
            if "store_unavailable" not in str(refused) or time.time() > deadline:
                raise
            time.sleep(0.2)


def failures(state: dict) -> int:
    return call("GET", f"/api/webhooks-config/{state['endpoint']}", "DASHBOARD_TOKEN")["consecutiveFailures"]


def leave(state: dict):
    push(state)
    save(state)
    # A fault before the first attempt would be a weaker case.
    deadline = time.time() + PATIENCE
    while failures(state) == 0:
        if time.time() > deadline:
            sys.exit("no worker made the attempt that must fail")
        time.sleep(0.05)


def listed(state: dict) -> dict:
    """Event → status of its delivery, as the API lists them."""
    found = {}
    path = f"/api/webhooks-config/{state['endpoint']}/deliveries?limit=100"
    cursor = ""
    while cursor is not None:
        page = call("GET", f"{path}&cursor={cursor}" if cursor else path, "DASHBOARD_TOKEN")
        for delivery in page["deliveries"]:
            if delivery["eventId"] in found:
                sys.exit(f"an event has two deliveries: {delivery}")
            found[delivery["eventId"]] = delivery["status"]
        cursor = page["nextCursor"]
    return found


def fill(state: dict):
    before = len(state["waiting"])
    try:
        while len(state["waiting"]) < before + 1000:
            push(state, "x" * 200_000)
        sys.exit("the store never was full")
    except Refused as refused:
        if "store_full" not in str(refused):
            raise
    # While memory is short, the oldest of the log may go.
    state["old"] = state.get("old", []) + state["arrived"]
    state["arrived"] = []
    save(state)
    print(f"  full after {len(state['waiting']) - before} events of 200 kB: refused with 503", flush=True)


def deliver(state: dict):
    push(state)
    save(state)
    drain(state)


def drain(state: dict):
    receiver = Receiver(HOST, int(PORT), {PATH: state["secret"]})
    expected = set(state["waiting"])
    receiver.wait_until(lambda: expected <= {arrival.id for arrival in receiver.arrivals[PATH]}, PATIENCE)
    arrivals = receiver.arrivals[PATH]
    came = {arrival.id for arrival in arrivals}
    if came != expected:
        sys.exit(f"expected {sorted(expected)}, got {sorted(came)}")
    if not all(arrival.rkt and arrival.standard for arrival in arrivals):
        sys.exit("a signature is wrong")
    state["arrived"] += state["waiting"]
    state["waiting"] = []
    save(state)
    endpoint = call("GET", f"/api/webhooks-config/{state['endpoint']}", "DASHBOARD_TOKEN")
    if endpoint["url"] != state["url"] or not endpoint["active"]:
        sys.exit(f"the endpoint is not as it was: {endpoint}")
    wanted = {event: "succeeded" for event in state["arrived"]}
    possible = wanted | {event: "succeeded" for event in state.get("old", [])}
    deadline = time.time() + PATIENCE
    while not wanted.items() <= (found := listed(state)).items() <= possible.items():
        if time.time() > deadline:
            sys.exit(f"the API lists {found}, and not {wanted}")
        time.sleep(0.1)
    print(f"  {len(came)} arrived, signed; the endpoint and all {len(wanted)} deliveries are there", flush=True)


def main():
    try:
        state = load()
        save(state)
        {"leave": leave, "fill": fill, "drain": drain, "deliver": deliver}[sys.argv[1]](state)
    except (Refused, OSError) as error:
        sys.exit(f"compose_scene: {error}")


main()
