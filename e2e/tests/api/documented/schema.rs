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
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_value_is_held_against_every_keyword() {
        let object = json!({
            "type": "object", "required": ["id"],
            "properties": {"id": {"type": "string", "pattern": "^ep_"}, "at": {"type": "string", "format": "date-time", "nullable": true}},
        });
        let table = [
            (json!({"id": "ep_1"}), &object, ""),
            (json!({"id": "ep_1", "at": null}), &object, ""),
            (json!({"id": "dlv_1"}), &object, "pattern"),
            (json!({"at": null}), &object, "missing"),
            (json!({"id": "ep_1", "at": "today"}), &object, "date-time"),
            (json!({"id": null}), &object, "type"),
            (json!({"id": "ep_1", "secret": ""}), &object, "not documented"),
            (
                json!([1, 1]),
                &json!({"type": "array", "uniqueItems": true}),
                "uniqueItems",
            ),
            (
                json!([1, "a"]),
                &json!({"type": "array", "items": {"type": "integer"}}),
                "[1]",
            ),
            (
                json!(70_000),
                &json!({"type": "integer", "format": "uint16"}),
                "uint16",
            ),
            (
                json!(-1),
                &json!({"type": "integer", "format": "uint64"}),
                "uint64",
            ),
            (json!("c"), &json!({"type": "string", "enum": ["a", "b"]}), "enum"),
            (
                json!("a"),
                &json!({"oneOf": [{"type": "string"}, {"enum": ["a"]}]}),
                "oneOf",
            ),
            (
                json!({"a": "b"}),
                &json!({"type": "object", "additionalProperties": {"type": "integer"}}),
                ".a",
            ),
            (
                json!({"a": 1, "b": 2}),
                &json!({"type": "object", "additionalProperties": {"type": "integer"}}),
                "",
            ),
            (json!({"a": 1}), &json!({"type": "object"}), ""),
            (
                json!({"code": "x"}),
                &json!({"$ref": "#/components/schemas/Problem"}),
                "missing",
            ),
        ];
        for (value, schema, wrong) in table {
            let found = complaints(&value, schema).join("\n");
            assert_eq!(found.is_empty(), wrong.is_empty(), "{value} {schema}: {found}");
            assert!(found.contains(wrong), "{value} {schema}: {found}");
        }
    }
}
