//! What the schemas of objects say beyond their declarations. It follows from where they are used.
//!
//! Objects of requests take no unknown fields, since bodies are read strictly ([`crate::json`]). In objects of answers, whatever may
//! be `null` is always there: fields that can be absent are never `null`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

const SCHEMAS: &str = "#/components/schemas/";

/// Closes the objects of requests, and requires the nullable fields of answers.
pub(super) fn complete(document: &mut Value) {
    let operations: Vec<_> = super::operations(document).collect();
    let bodies = operations.iter().map(|operation| &operation["requestBody"]);
    let requests = reachable(document, bodies);
    let answers = reachable(
        document,
        operations.iter().map(|operation| &operation["responses"]),
    );
    let schemas = document["components"]["schemas"].as_object_mut();
    for (name, schema) in schemas.into_iter().flatten() {
        let Some(schema) = schema
            .as_object_mut()
            .filter(|schema| schema.contains_key("properties"))
        else {
            continue;
        };
        if requests.contains(name) {
            schema.insert("additionalProperties".to_owned(), false.into());
        }
        if answers.contains(name) {
            require_nullable(schema);
        }
    }
}

fn require_nullable(schema: &mut Map<String, Value>) {
    let fields = schema["properties"].as_object().into_iter().flatten();
    let nullable = fields.filter(|(_, field)| field["nullable"] == true);
    let nullable: Vec<Value> = nullable.map(|(name, _)| name.as_str().into()).collect();
    if nullable.is_empty() {
        return;
    }
    let required = schema
        .entry("required")
        .or_insert_with(|| Value::Array(Vec::new()));
    if let Some(required) = required.as_array_mut() {
        required.extend(nullable);
        required.sort_by(|one, other| one.as_str().cmp(&other.as_str()));
    }
}

/// The names of the schemas that some parts of a document refer to, directly or through other schemas.
fn reachable<'a>(document: &Value, parts: impl Iterator<Item = &'a Value>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for part in parts {
        follow(part, document, &mut found);
    }
    found
}

fn follow(value: &Value, document: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            let name = members.get("$ref").and_then(Value::as_str);
            if let Some(name) = name.and_then(|reference| reference.strip_prefix(SCHEMAS))
                && found.insert(name.to_owned())
            {
                follow(&document["components"]["schemas"][name], document, found);
            }
            members.values().for_each(|value| follow(value, document, found));
        }
        Value::Array(items) => items.iter().for_each(|value| follow(value, document, found)),
        _ => {}
    }
}

/// Describes bodies of requests, and answers that have no description of their own: by the schema of the body, or else by the
/// summary of the call.
pub(super) fn describe_bodies(document: &mut Value) {
    let schemas = document["components"]["schemas"].clone();
    for operation in super::operations_mut(document) {
        let summary = operation["summary"].clone();
        if let Some(request) = operation.get_mut("requestBody") {
            let name = request["content"]["application/json"]["schema"]["$ref"].as_str();
            let name = name.and_then(|reference| reference.strip_prefix(SCHEMAS));
            request["description"] = name
                .map_or(&summary, |name| &schemas[name]["description"])
                .clone();
        }
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for (_, response) in responses.filter(|(_, response)| response["description"] == "") {
            let media_types = response["content"].as_object().into_iter().flatten();
            let name = media_types
                .filter_map(|(_, media_type)| media_type["schema"]["$ref"].as_str()?.strip_prefix(SCHEMAS))
                .next();
            let description = name.map_or(&summary, |name| &schemas[name]["description"]);
            response["description"] = description.clone();
        }
    }
}

/// Lets references be `null` where a field says `nullable`.
///
/// In OpenAPI 3.0, `nullable` widens only the `type` that stands beside it, so that `nullable` beside a reference allows no
/// `null`. This does, in the one form of which all generators that we know make the right type: an alternative that has no value
/// but `null`. (It has to have some type; with `boolean` even those that read no further make a union with `null`.)
pub(super) fn allow_null(document: &mut Value) {
    let schemas = document["components"]["schemas"].as_object_mut();
    for (_, schema) in schemas.into_iter().flatten() {
        let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
        for (_, field) in fields.into_iter().flatten() {
            let Some(field) = field.as_object_mut().filter(|field| field.contains_key("allOf")) else {
                continue;
            };
            if field.remove("nullable") == Some(Value::Bool(true))
                && let Some(mut alternatives) = field.remove("allOf")
            {
                if let Some(alternatives) = alternatives.as_array_mut() {
                    alternatives.push(json!({ "type": "boolean", "nullable": true, "enum": [null] }));
                }
                field.insert("oneOf".to_owned(), alternatives);
            }
        }
    }
}

/// Reduces `allOf` of a reference and of what is said again beside it to the reference.
pub(super) fn simplify_references(value: &mut Value) {
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
