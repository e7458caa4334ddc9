//! What the declarations of the calls can't say: examples, the errors of each call, and closed request objects.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::errors;
use crate::problem::{CONTENT_TYPE, Code, Problem};
use crate::rate_limit::{LEFT_HEADER, POLICY_HEADER};

/// Examples by operation id: `request` by name, `responses` by status, `parameters` by name.
const EXAMPLES: &str = include_str!("examples.json");

/// The types of requests: they take no unknown fields.
const CLOSED: &[&str] = &[
    "CreateEndpoint",
    "ChangeEndpoint",
    "PushEvent",
    "BatchEvent",
    "PushBatch",
    "VerifySignature",
    "RotateSecret",
    "SendTestEvent",
    "ReplayDeliveries",
];

/// The types of answers whose fields are always there, if only as `null`.
const COMPLETE: &[&str] = &[
    "Endpoint",
    "CreatedEndpoint",
    "LastAttempt",
    "EndpointDetail",
    "EndpointHealth",
    "EndpointQueue",
    "TopFailure",
    "RotatedEndpoint",
    "Attempt",
    "Timing",
    "Attention",
    "Delivery",
    "DeliveryList",
    "DeliveryDetail",
    "Replay",
    "StreamedAttempt",
];

/// Completes the document in place.
pub(super) fn enrich(document: &mut Value) {
    let examples: Value = serde_json::from_str(EXAMPLES).unwrap_or_default();
    document["servers"] = json!([{ "url": "/", "description": "This server" }]);
    simplify_references(document);
    for name in CLOSED {
        document["components"]["schemas"][name]["additionalProperties"] = Value::Bool(false);
    }
    for name in COMPLETE {
        let schema = &mut document["components"]["schemas"][name];
        let fields = schema["properties"].as_object().into_iter().flatten();
        schema["required"] = fields.map(|(field, _)| Value::from(field.as_str())).collect();
    }
    let Some(paths) = document["paths"].as_object_mut() else {
        return;
    };
    for operation in paths
        .values_mut()
        .filter_map(Value::as_object_mut)
        .flat_map(|path| path.values_mut())
    {
        let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
        add_errors(operation, &id);
        add_rate_limits(operation);
        add_examples(operation, &examples[&id]);
        if let Some(parameters) = operation.get_mut("parameters").and_then(Value::as_array_mut) {
            for parameter in parameters {
                describe_parameter(parameter);
            }
        }
    }
}

/// Adds one response for each status of the call's errors, with an example for each code.
fn add_errors(operation: &mut Value, id: &str) {
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    responses.remove("default");
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in errors::of(id) {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    for (status, codes) in by_status {
        let lines: Vec<_> = codes
            .iter()
            .map(|code| format!("- `{}`: {}", code.as_str(), code.title()))
            .collect();
        let examples: Map<String, Value> = codes
            .iter()
            .map(|code| {
                let value = serde_json::to_value(Problem::new(*code).body()).unwrap_or_default();
                (
                    code.as_str().to_owned(),
                    json!({ "summary": code.title(), "value": value }),
                )
            })
            .collect();
        let mut response = json!({
            "description": lines.join("\n"),
            "content": { CONTENT_TYPE: {
                "schema": { "$ref": "#/components/schemas/Problem" },
                "examples": examples,
            }},
        });
        let header = match status {
            401 => Some(("WWW-Authenticate", "string", "`Bearer`")),
            429 | 503 => Some((
                "Retry-After",
                "integer",
                "Seconds to wait before the next attempt",
            )),
            _ => None,
        };
        if let Some((name, kind, description)) = header {
            response["headers"] = json!({ name: { "description": description, "schema": { "type": kind } } });
        }
        responses.insert(status.to_string(), response);
    }
}

/// Calls that are counted say in the headers of any answer but a refused token what is left.
fn add_rate_limits(operation: &mut Value) {
    if operation.get("security").is_none() {
        return;
    }
    let headers = [
        (
            POLICY_HEADER,
            "The limits that the call was counted towards: `q` in `w` seconds",
            "\"dashboard\";q=600;w=60",
        ),
        (
            LEFT_HEADER,
            "What is left of each: `r` in the next `t` seconds",
            "\"dashboard\";r=599;t=60",
        ),
    ];
    for (status, response) in operation["responses"].as_object_mut().into_iter().flatten() {
        if !status.starts_with('2') && status != "429" {
            continue;
        }
        for (name, description, example) in headers {
            response["headers"][name] = json!({
                "description": format!("{description} (draft-ietf-httpapi-ratelimit-headers-11). Absent if no limit is set."),
                "schema": { "type": "string" },
                "example": example,
            });
        }
    }
}

fn add_examples(operation: &mut Value, examples: &Value) {
    if let Some(request) = examples.get("request") {
        operation["requestBody"]["content"]["application/json"]["examples"] = request.clone();
    }
    for (status, example) in examples["responses"].as_object().into_iter().flatten() {
        let content = operation["responses"][status]["content"].as_object_mut();
        for media_type in content.into_iter().flat_map(|content| content.values_mut()) {
            media_type["example"] = example.clone();
        }
    }
    let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
    for parameter in parameters.into_iter().flatten() {
        let name = parameter["name"].as_str().unwrap_or_default();
        if let Some(example) = examples["parameters"].get(name) {
            parameter["example"] = example.clone();
        }
    }
}

fn describe_parameter(parameter: &mut Value) {
    match (parameter["name"].as_str(), parameter["in"].as_str()) {
        (Some("id"), Some("query")) => parameter["required"] = Value::Bool(true),
        (Some("key"), Some("header")) => {
            parameter["name"] = "Idempotency-Key".into();
            parameter["description"] = "The same key within 24 hours answers the first result, with \
                `duplicate: true`; with a different event it is refused (409). Keys are separate for each account."
                .into();
            parameter["example"] = "lead-clx0001-captured".into();
        }
        _ => {}
    }
}

/// `allOf` of a reference and of what is said about it again: only the reference is needed there.
fn simplify_references(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(parts) = map.get_mut("allOf").and_then(Value::as_array_mut)
                && parts.len() == 2
                && parts[0].get("$ref").is_some()
            {
                parts.truncate(1);
            }
            map.values_mut().for_each(simplify_references);
        }
        Value::Array(items) => items.iter_mut().for_each(simplify_references),
        _ => {}
    }
}
