//! What a value has that its schema doesn't allow, in the dialect of OpenAPI 3.0.
//!
//! Stricter than the standard where that finds mistakes: an object may have only the fields that its schema names, and a
//! keyword or a format that isn't known here is a mistake itself, so that nothing goes unchecked.

use serde_json::{Map, Value};

use super::keywords::allows;
use crate::fixture::DOCUMENT;

/// All that is wrong with a value, each with the place where; empty if it is as the schema says.
pub(super) fn complaints(value: &Value, schema: &Value) -> Vec<String> {
    let mut complaints = Vec::new();
    check(value, schema, "", &mut complaints);
    complaints
}

fn check(value: &Value, schema: &Value, place: &str, complaints: &mut Vec<String>) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = DOCUMENT.pointer(reference.trim_start_matches('#'));
        let target = target.unwrap_or_else(|| panic!("{reference} leads nowhere"));
        return check(value, target, place, complaints);
    }
    if value.is_null() && schema["nullable"] == true {
        return;
    }
    let empty = Map::new();
    for (keyword, wanted) in schema.as_object().unwrap_or(&empty) {
        match keyword.as_str() {
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(item, wanted, &format!("{place}[{index}]"), complaints);
                }
            }
            "required" if value.is_object() => {
                let names = wanted.as_array().unwrap().iter().filter_map(Value::as_str);
                let missing = names.filter(|name| value.get(name).is_none());
                complaints.extend(missing.map(|name| format!("{place}: `{name}` is missing")));
            }
            // Looked at below.
            "required" | "properties" | "additionalProperties" => {}
            "allOf" => {
                for schema in wanted.as_array().unwrap() {
                    check(value, schema, place, complaints);
                }
            }
            "oneOf" if matching(value, wanted) == 1 => {}
            "anyOf" if matching(value, wanted) > 0 => {}
            "oneOf" | "anyOf" => {
                let count = matching(value, wanted);
                complaints.push(format!("{place}: {value} is as {count} of `{keyword}` say"));
            }
            _ if allows(keyword, wanted, value) => {}
            _ => complaints.push(format!("{place}: {value} is not as `{keyword}: {wanted}` says")),
        }
    }
    check_fields(value, schema, place, complaints);
}

/// Fields that the schema doesn't name are as `additionalProperties` says; where it says nothing but names some, none is.
fn check_fields(value: &Value, schema: &Value, place: &str, complaints: &mut Vec<String>) {
    let (Some(fields), Some("object")) = (value.as_object(), schema["type"].as_str()) else {
        return;
    };
    for (name, value) in fields {
        let place = format!("{place}.{name}");
        let named = schema["properties"].get(name);
        match named.or_else(|| schema.get("additionalProperties")) {
            Some(Value::Bool(true)) => {}
            Some(schema @ Value::Object(_)) => check(value, schema, &place, complaints),
            None if schema.get("properties").is_none() => {}
            _ => complaints.push(format!("{place} is not documented")),
        }
    }
}

fn matching(value: &Value, schemas: &Value) -> usize {
    let schemas = schemas.as_array().unwrap().iter();
    schemas
        .filter(|schema| complaints(value, schema).is_empty())
        .count()
}

#[cfg(test)]
mod tests;
