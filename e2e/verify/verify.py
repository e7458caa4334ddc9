"""Verifies one recorded request with the Standard Webhooks library: see verify.js."""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / ".tools/python"))

from standardwebhooks import Webhook, WebhookVerificationError  # noqa: E402

request = json.load(sys.stdin)
try:
    Webhook(sys.argv[1]).verify(request["body"], request["headers"])
except WebhookVerificationError:
    sys.exit(1)
