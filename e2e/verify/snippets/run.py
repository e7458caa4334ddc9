"""Runs the verification code for Python: see run.mjs."""

import http.client
import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[3] / "dashboard/src/snippets"))

from verify import verify_webhook  # noqa: E402


def verdict(request: dict) -> bool:
    headers = http.client.HTTPMessage()
    for name, value in request["headers"].items():
        headers[name] = value
    return verify_webhook(request["body"].encode(), headers, request["secret"])


print(json.dumps([verdict(request) for request in json.load(sys.stdin)]))
