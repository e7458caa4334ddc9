"""What the document leaves open on purpose, closed for making requests: schemathesis runs this before it reads the schema.

An event type that a client doesn't know is no mistake in an answer, so the document calls it a text. In a request it is refused.
"""

import schemathesis

SUBSCRIBES = ["CreateEndpoint", "ChangeEndpoint"]


METHODS = ["get", "post", "put", "patch", "delete"]


@schemathesis.hook
def before_load_schema(context, raw_schema):
    # A request has one token. Of the kinds that a call takes it is the first; tests of their own look at the others.
    for operations in raw_schema["paths"].values():
        for method in METHODS:
            if method in operations:
                operations[method]["security"] = operations[method]["security"][:1]
    schemas = raw_schema["components"]["schemas"]
    delivered = schemas["EventName"].pop("x-extensible-enum")
    # Account events are delivered, and never pushed.
    pushed = [name for name in delivered if name.split(".")[0] not in ("endpoint", "delivery")]
    schemas["EventName"]["enum"] = delivered
    for name in SUBSCRIBES:
        schemas[name]["properties"]["events"]["items"] = {"type": "string", "enum": ["*", *delivered]}
    for name in ("PushEvent", "BatchEvent", "SendTestEvent"):
        schemas[name]["properties"]["event"] = {"type": "string", "enum": pushed}
    # Answers show subscriptions, too.
    for schema in schemas.values():
        events = schema.get("properties", {}).get("events", {})
        if events.get("items") == {"$ref": "#/components/schemas/EventName"}:
            events["items"] = {"type": "string", "enum": ["*", *delivered]}
    if "EventType" in schemas:
        schemas["EventType"]["properties"]["name"] = {"type": "string", "enum": delivered}
    # What is deprecated is answered as nothing else is.
    del schemas["ReplayDeliveries"]["properties"]["dryRun"]
