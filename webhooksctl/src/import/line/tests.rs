use serde_json::{Value, json};

use super::*;

fn rules(without_secrets: bool) -> Rules {
    Rules {
        urls: UrlPolicy::default(),
        types: ["lead.captured", "ticket.created"].map(str::to_owned).into(),
        header_prefix: HeaderPrefix::DEFAULT.parse().unwrap(),
        without_secrets,
    }
}

fn good() -> Value {
    json!({
        "accountId": "org:acme", "id": EndpointId::random(), "url": "https://example.com/hook", "events": ["lead.captured"],
        "secret": SigningSecret::generate().expose(),
    })
}

/// The fields at which a line is wrong.
fn wrong(change: &Value, without_secrets: bool) -> Vec<String> {
    let mut line = good();
    let fields = line.as_object_mut().unwrap();
    for (name, value) in change.as_object().unwrap() {
        fields.insert(name.clone(), value.clone());
    }
    match rules(without_secrets).read(7, &line.to_string()) {
        Ok(_) => Vec::new(),
        Err(faults) => {
            assert!(
                faults
                    .iter()
                    .all(|fault| fault.line == 7 && fault.says.ends_with('.')),
                "{faults:?}"
            );
            faults.into_iter().map(|fault| fault.field).collect()
        }
    }
}

#[test]
fn a_line_is_checked_as_the_api_checks_an_endpoint() {
    let long = "x".repeat(501);
    let many: Vec<String> = (0..51).map(|number| number.to_string()).collect();
    let none: [&str; 0] = [];
    for (change, at) in [
        (json!({}), &none[..]),
        (json!({"accountId": null}), &["accountId"]),
        (json!({"accountId": "acme"}), &["accountId"]),
        (json!({"id": "ep_"}), &["id"]),
        (json!({"id": null}), &none),
        (json!({"url": "http://example.com/"}), &["url"]),
        (
            json!({"url": "https://127.0.0.1/", "events": []}),
            &["url", "events"],
        ),
        (
            json!({"events": ["lead.captured", "lead.lost", "lead.captured"]}),
            &["events[1]", "events[2]"],
        ),
        (json!({"events": ["*", "endpoint.disabled"]}), &none),
        (json!({"events": "lead.captured"}), &["events", "events"]),
        (json!({"chatbotId": "a", "chatbotIds": ["b"]}), &["chatbotIds"]),
        (json!({"chatbotIds": []}), &["chatbotIds"]),
        (json!({"chatbotIds": many}), &["chatbotIds"]),
        (
            json!({"chatbotIds": ["a", "a", ""]}),
            &["chatbotIds[1]", "chatbotIds[2]"],
        ),
        (
            json!({"filters": [{"pointer": "/a", "equals": 1}, {"pointer": "a", "exists": true}]}),
            &["filters[1].pointer"],
        ),
        (
            json!({"filters": [{"pointer": "/a", "equals": 1, "exists": true}]}),
            &["filters[0]"],
        ),
        (json!({"filters": [{"pointer": "/a"}]}), &["filters[0]"]),
        (json!({"description": long}), &["description"]),
        (json!({"description": "two\nlines"}), &none),
        (json!({"rateLimit": 0}), &["rateLimit"]),
        (json!({"autoResume": "yes"}), &["autoResume"]),
        (json!({"state": "held"}), &["state"]),
        (json!({"state": "off", "active": false}), &["state"]),
        (json!({"headers": {"Authorization": "Bearer x"}}), &none),
        (
            json!({"headers": {"host": "x", "A": "1", "a": "2"}}),
            &["headers.a", "headers.host"],
        ),
        (
            json!({"headers": {"x-rkt-signature": "x", "x": ""}}),
            &["headers.x", "headers.x-rkt-signature"],
        ),
        (json!({"headerNames": ["authorization"]}), &["headers"]),
        (json!({"secret": "whsec_short"}), &["secret"]),
        (json!({"secret": null}), &["secret"]),
        (json!({"createdAt": "2026-03-26T15:30:00Z"}), &none),
        (json!({"rateLimits": 5}), &["rateLimits"]),
    ] {
        assert_eq!(wrong(&change, false), at, "{change}");
    }
    assert!(wrong(&json!({"secret": null, "headerNames": ["authorization"]}), true).is_empty());
}

#[test]
fn what_is_no_object_is_wrong_as_a_whole_and_says_nothing_of_its_text() {
    for text in ["whsec_", "[]", "{\"secret\": whsec_x}", "{"] {
        let faults = rules(true).read(3, text).unwrap_err();
        assert_eq!(faults.len(), 1, "{faults:?}");
        assert!(
            faults[0].field.is_empty() && !faults[0].says.contains("whsec"),
            "{faults:?}"
        );
    }
}

#[test]
fn what_failures_disabled_begins_anew_and_what_is_gone_stays_off() {
    let state = |change: Value| {
        let mut line = good();
        line.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        rules(false).read(1, &line.to_string()).unwrap().state
    };
    for (change, expected) in [
        (json!({}), State::Active),
        (json!({"active": false}), State::Off),
        (json!({"state": "off", "disabledReason": "owner"}), State::Off),
        (json!({"state": "paused"}), State::Paused),
        (
            json!({"state": "disabled", "disabledReason": "consecutive_failures"}),
            State::Active,
        ),
        (json!({"state": "disabled", "disabledReason": "gone"}), State::Off),
    ] {
        assert_eq!(state(change.clone()), expected, "{change}");
    }
}
