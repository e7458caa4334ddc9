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
