use super::*;
use proptest::prelude::*;

fn names(names: &[&str]) -> Vec<SubscriptionName> {
    names
        .iter()
        .map(|name| SubscriptionName((*name).to_owned()))
        .collect()
}

fn refusal<T: std::fmt::Debug>(result: Result<T, Problem>) -> (&'static str, String) {
    let problem = result.unwrap_err();
    let body = serde_json::to_value(problem.body()).unwrap();
    (
        problem.code().as_str(),
        body["field"].as_str().unwrap_or_default().to_owned(),
    )
}

#[test]
fn subscriptions_are_different_names() {
    let catalog = Catalog::default();
    let all: Vec<String> = catalog.subscriptions().map(String::from).collect();
    let all: Vec<&str> = all.iter().map(String::as_str).collect();
    let subscriptions = |names: &[SubscriptionName]| subscriptions(names, &catalog);
    let event_type = |name: &str| event_type(name, &catalog);
    assert_eq!(subscriptions(&names(&all)).unwrap().len(), 15);
    for (given, code, field) in [
        (vec![], "empty_events", "events"),
        (
            vec!["lead.captured", "lead.captured"],
            "duplicate_event",
            "events[1]",
        ),
        (vec!["*", "ticket.created", "*"], "duplicate_event", "events[2]"),
        (vec!["lead.captured", "lead.lost"], "unknown_event", "events[1]"),
        (vec!["LEAD.CAPTURED"], "unknown_event", "events[0]"),
        (vec![""], "unknown_event", "events[0]"),
        (["*"; 16].to_vec(), "too_many_events", "events"),
    ] {
        let told = refusal(subscriptions(&names(&given)));
        assert_eq!(told, (code, field.to_owned()), "{given:?}");
    }
    let problem = subscriptions(&names(&["x"])).unwrap_err().to_string();
    assert!(
        problem.contains('*') && problem.contains("lead.captured"),
        "{problem}"
    );
    assert!(!event_type("*").unwrap_err().to_string().contains("`*`"));
    assert!(
        event_type("endpoint.disabled").is_err(),
        "account events are not pushed"
    );
}

#[test]
fn a_rate_limit_lies_between_its_bounds() {
    for (given, limit) in [(1, 1), (5, 5), (1000, 1000)] {
        assert_eq!(rate_limit(given).unwrap().per_second(), limit);
    }
    for wrong in [i64::MIN, -5, 0, 1001, i64::MAX] {
        assert_eq!(
            refusal(rate_limit(wrong)),
            ("invalid_value", "rateLimit".to_owned()),
            "{wrong}"
        );
    }
}

#[test]
fn texts_are_bounded_and_have_no_control_characters() {
    for good in ["c", "cmf9n7u1c", "ü", &"x".repeat(128), &"ü".repeat(128)] {
        assert!(chatbot_id(good.to_owned()).is_ok());
    }
    for bad in [
        "",
        "a\nb",
        "a\u{0}",
        "\u{7f}",
        "\u{85}",
        &"x".repeat(129),
        &"ü".repeat(129),
    ] {
        assert_eq!(
            refusal(chatbot_id(bad.to_owned())),
            ("invalid_chatbot_id", "chatbotId".to_owned())
        );
    }
    for good in ["", "two\nlines", &"x".repeat(500), &"ü".repeat(500)] {
        assert!(description(good.to_owned()).is_ok());
    }
    for bad in ["a\tb", "a\r\n", &"x".repeat(501)] {
        assert_eq!(refusal(description(bad.to_owned())).0, "invalid_description");
    }
    for good in ["k", "!~", &"x".repeat(255)] {
        assert!(idempotency_key(good, "Idempotency-Key").is_ok());
    }
    for bad in ["", "a b", "ä", "a\n", &"x".repeat(256)] {
        assert_eq!(
            refusal(idempotency_key(bad, "Idempotency-Key")).0,
            "invalid_idempotency_key"
        );
    }
}

#[test]
fn accounts_types_and_times() {
    assert!(account_id("org:org_2abc").is_ok());
    assert_eq!(account_id("user_2abc").unwrap().as_str(), "user:user_2abc");
    for bad in ["", "org_", "org:", "team:x", "user:a b"] {
        assert_eq!(
            refusal(account_id(bad)),
            ("invalid_account_id", "accountId".to_owned())
        );
    }
    assert_eq!(
        refusal(event_type("*", &Catalog::default())),
        ("unknown_event", "event".to_owned())
    );
    assert!(timestamp("2026-03-26T16:30:00+01:00", "since").is_ok());
    for bad in ["", "now", "2026-03-26", "2026-13-01T00:00:00Z", "1774539000"] {
        assert_eq!(
            refusal(timestamp(bad, "since")),
            ("invalid_timestamp", "since".to_owned())
        );
    }
}

proptest! {
    #[test]
    fn what_passes_is_the_text_itself_and_bounded(text in prop_oneof![any::<String>(), "[!-~]{0,300}", "\\PC{0,600}"]) {
        let count = text.chars().count();
        if let Ok(key) = idempotency_key(&text, "Idempotency-Key") {
            prop_assert!(key == text && (1..=255).contains(&count) && text.is_ascii() && !text.contains(' '));
        }
        if let Ok(id) = chatbot_id(text.clone()) {
            prop_assert!(id == text && (1..=128).contains(&count) && !text.contains(char::is_control));
        }
        if let Ok(words) = description(text.clone()) {
            prop_assert!(words == text && count <= 500);
        }
    }
}

#[test]
fn a_plus_that_was_decoded_in_a_query_is_still_one() {
    for (given, time) in [
        ("2026-03-26T15:30:00 02:00", "2026-03-26T13:30:00.000Z"),
        ("2026-03-26T15:30:00.5 00:00", "2026-03-26T15:30:00.500Z"),
        ("2026-03-26T15:30:00+02:00", "2026-03-26T13:30:00.000Z"),
        ("2026-03-26 15:30:00Z", "2026-03-26T15:30:00.000Z"),
    ] {
        assert_eq!(
            timestamp_in_query(given, "since").unwrap().to_string(),
            time,
            "{given}"
        );
    }
    for bad in [
        "2026-03-26T15:30:00 2:00",
        "2026-03-26T15:30:00 02:00:00",
        " 02:00",
        "2026-03-26T15:30:00 ab:cd",
        "",
    ] {
        let problem = timestamp_in_query(bad, "since").unwrap_err();
        assert_eq!(problem.code(), Code::InvalidTimestamp, "{bad}");
    }
}

#[test]
fn a_time_without_seconds_is_told_that_it_has_none() {
    let told = timestamp("2026-03-26T15:30Z", "until").unwrap_err().to_string();
    assert!(
        told.contains("`until` is without seconds: add them, if only as `:00`."),
        "{told}"
    );
    let told = timestamp("2026-03-26T15:30:00", "until").unwrap_err().to_string();
    assert!(told.contains("`until` is without an offset"), "{told}");
}
