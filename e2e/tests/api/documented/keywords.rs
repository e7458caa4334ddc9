//! The keywords of a schema that look at one value by itself.

use domain::clock::Timestamp;
use regex::Regex;
use reqwest::Url;
use serde_json::Value;

/// Keywords that say nothing about values.
const ANNOTATIONS: [&str; 8] = [
    "title",
    "description",
    "example",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "discriminator",
];

/// Whether a value is as a keyword says; one that is about another type of value allows it.
pub(super) fn allows(keyword: &str, wanted: &Value, value: &Value) -> bool {
    let length = value.as_str().map(|text| text.chars().count());
    let (number, items, fields) = (value.as_f64(), value.as_array(), value.as_object());
    match keyword {
        "nullable" => !value.is_null(),
        "type" => has_type(value, wanted.as_str().unwrap()),
        "format" => has_format(value, wanted.as_str().unwrap()),
        "enum" => wanted.as_array().unwrap().contains(value),
        "pattern" => {
            let pattern = Regex::new(wanted.as_str().unwrap()).unwrap();
            value.as_str().is_none_or(|text| pattern.is_match(text))
        }
        "minLength" => length.is_none_or(|length| length >= size(wanted)),
        "maxLength" => length.is_none_or(|length| length <= size(wanted)),
        "minimum" => number.is_none_or(|number| number >= wanted.as_f64().unwrap()),
        "maximum" => number.is_none_or(|number| number <= wanted.as_f64().unwrap()),
        "minItems" => items.is_none_or(|items| items.len() >= size(wanted)),
        "maxItems" => items.is_none_or(|items| items.len() <= size(wanted)),
        "maxProperties" => fields.is_none_or(|fields| fields.len() <= size(wanted)),
        "uniqueItems" => items.is_none_or(|items| are_unique(items)),
        annotation if ANNOTATIONS.contains(&annotation) || annotation.starts_with("x-") => true,
        unknown => panic!("this test can't check the keyword `{unknown}`"),
    }
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        unknown => panic!("this test can't check the type `{unknown}`"),
    }
}

fn has_format(value: &Value, name: &str) -> bool {
    let (text, number) = (value.as_str(), value.as_i64());
    match name {
        "date-time" => text.is_none_or(|text| text.parse::<Timestamp>().is_ok()),
        "uri" => text.is_none_or(|text| Url::parse(text).is_ok()),
        "uint8" => number.is_none_or(|number| u8::try_from(number).is_ok()),
        "uint16" => number.is_none_or(|number| u16::try_from(number).is_ok()),
        "uint32" => number.is_none_or(|number| u32::try_from(number).is_ok()),
        "uint64" => number.is_none_or(|number| number >= 0),
        "int32" => number.is_none_or(|number| i32::try_from(number).is_ok()),
        "int64" => value.as_u64().is_none_or(|number| i64::try_from(number).is_ok()),
        "float" | "double" => true,
        unknown => panic!("this test can't check the format `{unknown}`"),
    }
}

fn size(limit: &Value) -> usize {
    limit.as_u64().and_then(|limit| limit.try_into().ok()).unwrap()
}

fn are_unique(items: &[Value]) -> bool {
    items
        .iter()
        .enumerate()
        .all(|(index, item)| !items[..index].contains(item))
}
