//! What an operation says beyond its signature: its errors, its examples, and the headers of rate limits.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::errors;
use crate::problem::{CONTENT_TYPE, Code, Problem};
use crate::rate_limit::{LEFT_HEADER, POLICY_HEADER};
use crate::routes::{DOCUMENTATION, Documentation};

/// Completes the operations of a document in place.
pub(super) fn complete(document: &mut Value) {
    for Documentation { calls, examples } in DOCUMENTATION {
        let examples: Value = serde_json::from_str(examples).unwrap_or_default();
        for call in *calls {
            let mut operations = super::operations_mut(document);
            let Some(operation) = operations.find(|operation| operation["operationId"] == call.id()) else {
                continue;
            };
            add_errors(operation, errors::of(call, operation));
            if let (Some(status), Some(answers)) = (call.hidden(), operation["responses"].as_object_mut()) {
                answers.remove(status);
            }
            let parameters = operation.get_mut("parameters").and_then(Value::as_array_mut);
            if let (Some(name), Some(parameters)) = (call.hidden_parameter(), parameters) {
                parameters.retain(|parameter| parameter["name"] != name);
            }
            add_rate_limits(operation);
            add_examples(operation, &examples[call.id()]);
        }
    }
}

/// Adds one response for each status of the call's errors, with an example for each code.
fn add_errors(operation: &mut Value, errors: impl IntoIterator<Item = Code>) {
    let Some(responses) = operation["responses"].as_object_mut() else {
        return;
    };
    responses.remove("default");
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in errors {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    for (status, codes) in by_status {
        responses.insert(status.to_string(), refusal(status, &codes));
    }
}

/// The response of some errors that have one status.
fn refusal(status: u16, codes: &[Code]) -> Value {
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
    response
}

/// Adds the headers in which calls that take a token tell what is left of their limits.
fn add_rate_limits(operation: &mut Value) {
    if operation["security"][0].is_null() {
        return;
    }
    let headers = [
        (
            POLICY_HEADER,
            "The limits that the call counts towards: at most `q` in `w` seconds",
            "\"dashboard\";q=600;w=60",
        ),
        (
            LEFT_HEADER,
            "What is left of each limit: `r` in the next `t` seconds",
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
