//! From what the file says of `data` to the whole body: its JSON Schema, and a sample.

use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Map, Value, json};

use crate::clock::Timestamp;
use crate::event::{EventType, Payload, PayloadError};

/// The draft of JSON Schema that all schemas are of.
const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// When samples happened, in milliseconds since 1970.
const SAMPLE_TIME: i64 = 1_774_539_000_000;

/// Words behind which any value may stand, also one that looks like a reference.
const VALUES: [&str; 4] = ["const", "enum", "default", "examples"];

/// The schema of the whole body.
///
/// # Errors
///
/// Why the schema of `data` can't be part of it.
pub(super) fn schema(
    kind: EventType,
    description: &str,
    about_chatbot: &str,
    mut data: Map<String, Value>,
) -> Result<Box<RawValue>, &'static str> {
    let draft = data.remove("$schema");
    if draft.is_some_and(|draft| draft.as_str().map(|draft| draft.trim_end_matches('#')) != Some(DRAFT)) {
        return Err("must be of the draft 2020-12 of JSON Schema");
    }
    if data.contains_key("$id") {
        return Err("must have no `$id`: it becomes part of the schema of the whole body");
    }
    let mut data = Value::Object(data);
    point_into_data(&mut data);
    let schema = json!({
        "$schema": DRAFT,
        "title": kind.as_str(),
        "description": description,
        "type": "object",
        "required": ["event", "chatbotId", "timestamp", "data"],
        "additionalProperties": false,
        "properties": {
            "event": { "const": kind.as_str() },
            "chatbotId": { "type": "string", "description": about_chatbot },
            "timestamp": { "type": "string", "description": "When it happened, in UTC.", "format": "date-time" },
            "data": data,
        },
    });
    to_raw_value(&schema).map_err(|_| "can't be written")
}

/// Makes references into the schema of `data` ones into the schema of which it becomes a part.
fn point_into_data(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (name, value) in members {
                match value {
                    Value::String(reference) if name == "$ref" || name == "$dynamicRef" => {
                        let pointer = reference.strip_prefix('#');
                        if let Some(rest) = pointer.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
                            *reference = format!("#/properties/data{rest}");
                        }
                    }
                    _ if VALUES.contains(&name.as_str()) => {}
                    _ => point_into_data(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(point_into_data),
        _ => {}
    }
}

/// A body as receivers get it.
pub(super) fn sample(kind: EventType, chatbot: &str, data: &RawValue) -> Result<Box<RawValue>, PayloadError> {
    let time = Timestamp::from_millis(SAMPLE_TIME).ok_or(PayloadError::NotAnObject)?;
    let payload = Payload::build(kind, chatbot, time, data.get(), usize::MAX)?;
    serde_json::from_slice(payload.as_bytes()).map_err(|_| PayloadError::NotAnObject)
}

/// `data` of a sample.
pub(super) fn data_of(sample: &RawValue) -> Option<&RawValue> {
    #[derive(Deserialize)]
    struct Sample<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }

    let sample: Sample<'_> = serde_json::from_str(sample.get()).ok()?;
    Some(sample.data)
}
