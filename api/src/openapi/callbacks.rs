//! What receivers get, as callbacks of the call that registers their URL: the headers, and the body of each event type.
//!
//! What the worker sends is compared with this by `e2e/tests/client`.

use domain::catalog::Catalog;
use serde_json::{Map, Value, json};

/// The call whose request names the URL.
const REGISTERS: &str = "createEndpoint";

/// A header of a delivery: its name, whether each delivery has it, what it says, an example.
type Header = (&'static str, bool, &'static str, &'static str);

const HEADERS: &[Header] = &[
    (
        "X-RKT-Signature",
        true,
        "The hex HMAC-SHA256 of the body, keyed with the whole secret (`whsec_` included).",
        "80ec8a89ce3cd22133a1066caecb4d04fea7467657c8514d717ec42c38a5c94c",
    ),
    ("X-RKT-Event", true, "The event's type.", "lead.captured"),
    (
        "X-RKT-Delivery",
        true,
        "The delivery's id: the same on every attempt, another one for each endpoint and replay.",
        "dlv_01kmnv6c4e8g2j6m0p4r8t2w6y_7zq3k9m2x4t8w1v5",
    ),
    ("X-RKT-Attempt", true, "Which attempt it is, counted from 1.", "1"),
    (
        "X-RKT-Replay",
        false,
        "`true` if the delivery is a replay of an earlier one; otherwise the header is absent.",
        "true",
    ),
    (
        "X-RKT-Test",
        false,
        "`true` if it is a test event, whose data is made up; otherwise the header is absent.",
        "true",
    ),
    (
        "webhook-id",
        true,
        "The event's id (Standard Webhooks): the same on every attempt and replay, so use it to recognise repetitions.",
        "evt_01kmnv6c4e8g2j6m0p4r8t2w6y",
    ),
    (
        "webhook-timestamp",
        true,
        "When the attempt was signed (Standard Webhooks), in seconds since 1970.",
        "1774539000",
    ),
    (
        "webhook-signature",
        true,
        "The signature of id, timestamp and body (Standard Webhooks): `v1,` and base64; several, separated by spaces, during \
         the grace period of a rotation.",
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    ),
];

/// What the receiver's answer means: its status, and what follows.
const ANSWERS: &[(&str, &str)] = &[
    ("2XX", "The delivery has succeeded. The body is not looked at."),
    (
        "410",
        "The receiver wants nothing more: the endpoint is disabled at once.",
    ),
    (
        "429",
        "Too many: nothing is sent until `Retry-After` has passed, or for a second, and twice as long each time, without it. \
         The attempt doesn't count.",
    ),
    (
        "503",
        "With `Retry-After`: as 429. Without it: a failure, as any other status.",
    ),
    (
        "default",
        "A failure, redirects included: the delivery is sent again later, up to ten times in all.",
    ),
];

/// Adds the callback, and the schema of its body.
pub(super) fn add(document: &mut Value, catalog: &Catalog) {
    let operations = super::operations_mut(document);
    for operation in operations.filter(|operation| operation["operationId"] == REGISTERS) {
        operation["callbacks"] =
            json!({ "delivery": { "{$request.body#/url}": { "post": delivery(catalog) } } });
    }
    document["components"]["schemas"]["DeliveredBody"] = body();
}

fn delivery(catalog: &Catalog) -> Value {
    let headers: Vec<_> = HEADERS
        .iter()
        .map(|(name, required, description, example)| {
            json!({
                "name": name,
                "in": "header",
                "required": required,
                "description": description,
                "schema": { "type": "string" },
                "example": example,
            })
        })
        .collect();
    let examples: Map<String, Value> = catalog
        .all()
        .iter()
        .map(|entry| {
            let value: Value = serde_json::from_str(entry.sample.get()).unwrap_or_default();
            let example = json!({ "summary": entry.description, "value": value });
            (entry.subscription.as_str().to_owned(), example)
        })
        .collect();
    let answers: Map<String, Value> = ANSWERS
        .iter()
        .map(|(status, description)| ((*status).to_owned(), json!({ "description": description })))
        .collect();
    json!({
        "operationId": "receiveDelivery",
        "tags": ["Deliveries"],
        "summary": "What your server receives",
        "description": "An event, sent to the endpoint's URL. Verify the signature over the bytes as they came, and answer within \
             10 seconds.",
        "security": [],
        "parameters": headers,
        "requestBody": {
            "required": true,
            "description": "The event.",
            "content": { "application/json": {
                "schema": { "$ref": "#/components/schemas/DeliveredBody" },
                "examples": examples,
            }},
        },
        "responses": answers,
    })
}

fn body() -> Value {
    json!({
        "type": "object",
        "title": "DeliveredBody",
        "description": "The body that a receiver gets. `GET /api/event-types` has a JSON Schema of each type's.",
        "required": ["event", "chatbotId", "timestamp", "data"],
        "properties": {
            "event": {
                "allOf": [{ "$ref": "#/components/schemas/EventName" }],
                "description": "The event's type.",
            },
            "chatbotId": {
                "type": "string",
                "nullable": true,
                "description": "The chatbot that it happened in; `null` if it is about one of the account's endpoints.",
            },
            "timestamp": {
                "type": "string",
                "format": "date-time",
                "description": "When it happened, in UTC with three decimals.",
            },
            "data": {
                "type": "object",
                "additionalProperties": true,
                "description": "What happened, as the event's type has it.",
            },
        },
    })
}
