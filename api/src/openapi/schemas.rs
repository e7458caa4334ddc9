//! What the schemas of objects say beyond their declarations. It follows from where they are used.
//!
//! Objects of requests take no unknown fields, since bodies are read strictly ([`crate::json`]). In objects of answers, whatever may
//! be `null` is always there: fields that can be absent are never `null`.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

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
