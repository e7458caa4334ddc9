use serde_json::Value;

use super::*;

fn parse(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// Asserts that a value is valid by a schema. It knows the keywords that our schemas use, and fails at any other.
fn assert_valid(value: &Value, schema: &Value, place: &str) {
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" => rule == "https://json-schema.org/draft/2020-12/schema",
            "title" | "description" => rule.as_str().is_some_and(|text| !text.is_empty()),
            "type" => match rule {
                Value::Array(types) => types.iter().any(|kind| has_type(value, kind)),
                kind => has_type(value, kind),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64() >= rule.as_i64(),
            "format" => value.as_str().is_none_or(|text| has_format(text, rule)),
            "pattern" => value.as_str().is_some_and(|text| is_id(text, rule)),
            "required" => rule
                .as_array()
                .unwrap()
                .iter()
                .all(|name| value.get(name.as_str().unwrap()).is_some()),
            "properties" => {
                for (name, member) in value.as_object().unwrap() {
                    let known = rule
                        .get(name)
                        .unwrap_or_else(|| panic!("{place}.{name} is not described"));
                    assert_valid(member, known, &format!("{place}.{name}"));
                }
                true
            }
            // Our samples have no member that isn't described, see `properties`.
            "additionalProperties" => rule == false,
            "items" => {
                for item in value.as_array().unwrap() {
                    assert_valid(item, rule, &format!("{place}[]"));
                }
                true
            }
            other => panic!("{place}: the keyword {other} is not known here"),
        };
        assert!(holds, "{place}: {value} is not valid by {keyword} {rule}");
    }
}

fn has_type(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "null" => value.is_null(),
        other => panic!("no such type: {other}"),
    }
}

fn has_format(text: &str, format: &Value) -> bool {
    match format.as_str().unwrap() {
        "date-time" => text.parse::<Timestamp>().is_ok(),
        "uri" => url::Url::parse(text).is_ok(),
        "email" => text.contains('@'),
        other => panic!("no such format: {other}"),
    }
}

fn is_id(text: &str, pattern: &Value) -> bool {
    match pattern.as_str().unwrap() {
        "^ep_[0-9a-z]{16}$" => text.parse::<crate::id::EndpointId>().is_ok(),
        "^evt_[0-9a-z]{26}$" => text.parse::<crate::id::EventId>().is_ok(),
        "^dlv_[0-9a-z]{26}_[0-9a-z]{16}(_[0-9a-z]{8})?$" => text.parse::<crate::id::DeliveryId>().is_ok(),
        other => panic!("no such pattern: {other}"),
    }
}

#[test]
fn every_type_is_described_once_and_in_order() {
    let described: Vec<_> = all().map(|entry| entry.subscription).collect();
    let subscriptions: Vec<_> = Subscription::all()
        .filter(|one| *one != Subscription::All)
        .collect();
    assert_eq!(described, subscriptions);
}

#[test]
fn every_schema_says_the_same_as_its_entry() {
    for entry in all() {
        let (name, schema) = (entry.subscription.as_str(), parse(entry.schema));
        assert_eq!(schema["title"], name);
        assert_eq!(schema["description"], entry.description, "{name}");
        assert_eq!(schema["properties"]["event"]["const"], name);
        assert_eq!(
            schema["required"],
            serde_json::json!(["event", "chatbotId", "timestamp", "data"]),
            "{name}"
        );
    }
}

#[test]
fn every_sample_is_valid_by_its_schema_and_shows_all_that_is_described() {
    for entry in all() {
        let (name, schema, sample) = (
            entry.subscription.as_str(),
            parse(entry.schema),
            parse(entry.sample),
        );
        assert_valid(&sample, &schema, name);
        let described = &schema["properties"]["data"]["properties"];
        for field in described.as_object().unwrap().keys() {
            assert!(
                sample["data"].get(field).is_some(),
                "{name}: {field} is not shown"
            );
        }
    }
}

#[test]
fn what_is_not_valid_is_refused() {
    let entry = describe(EventType::SessionResolved);
    let schema = parse(entry.schema);
    for (field, wrong) in [
        ("/event", "session.created".into()),
        ("/timestamp", "yesterday".into()),
        ("/data", Value::Null),
        ("/data/resolvedBy", "nobody".into()),
        ("/data/messageCount", (-1).into()),
        ("/chatbotId", Value::Null),
    ] {
        let mut sample = parse(entry.sample);
        *sample.pointer_mut(field).unwrap() = wrong;
        let outcome = std::panic::catch_unwind(|| assert_valid(&sample, &schema, ""));
        assert!(outcome.is_err(), "{field}");
    }
}

#[test]
fn a_sample_payload_is_the_sample_at_its_time() {
    let time = "2026-03-26T15:30:00.000Z".parse().unwrap();
    for kind in EventType::ALL {
        let payload = sample_payload(*kind, None, time);
        let built: Value = serde_json::from_slice(payload.as_bytes()).unwrap();
        assert_eq!(built, parse(describe(*kind).sample));
    }
    let later = "2026-04-01T00:00:00.000Z".parse().unwrap();
    let payload = sample_payload(EventType::LeadCaptured, Some("bot \"1\""), later);
    assert_eq!(
        payload.as_bytes(),
        r#"{"event":"lead.captured","chatbotId":"bot \"1\"","timestamp":"2026-04-01T00:00:00.000Z","data":{"leadId":"clx0001","name":"John Doe","email":"john@example.com","source":"lead-tool","sessionId":"rkt_abc123"}}"#
    );
}
