//! What strangers write: URLs, payloads, times, waits, ids, secrets. No text makes a parser panic, what it lets through is
//! bounded and as promised, and what was read reads the same again.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::endpoint::{EndpointUrl, MAX_URL, UrlPolicy};
use domain::event::{EventType, Payload, Subscription};
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};
use domain::retry::{MAX_RETRY_AFTER, RetrySchedule, parse_retry_after};
use domain::signing::SigningSecret;
use proptest::collection::vec;
use proptest::prelude::*;
use url::Url;

/// Anything, and what looks like a URL from many sides.
fn urls() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        4 => Just("https://".to_owned()),
        1 => Just("http://".to_owned()),
        1 => "[a-zA-Z+.-]{0,8}:?/{0,3}",
    ];
    let user = prop_oneof![4 => Just(String::new()), 1 => "[a-z%:]{0,6}@"];
    let host = prop_oneof![
        3 => "[a-z0-9-]{1,12}(\\.[a-z]{2,6}){1,3}\\.?",
        2 => "[0-9a-fx]{1,10}(\\.[0-9a-fx]{1,4}){0,4}",
        1 => "\\[[0-9a-f:.%]{0,24}\\]",
        1 => "\\PC{0,12}",
    ];
    let port = prop_oneof![3 => Just(String::new()), 1 => ":[0-9]{0,6}", 1 => ":\\PC{0,3}"];
    let rest =
        prop_oneof![3 => "(/[a-zA-Z0-9._~%-]{0,12}){0,4}", 1 => "[/?#]\\PC{0,40}", 1 => "/[ü/ ]{0,1200}"];
    let built = (scheme, user, host, port, rest)
        .prop_map(|(scheme, user, host, port, rest)| format!("{scheme}{user}{host}{port}{rest}"));
    prop_oneof![1 => any::<String>(), 6 => built]
}

/// JSON of any shape, as an object.
fn objects() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<f64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
    ];
    let value = leaf.prop_recursive(5, 40, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(serde_json::Value::from),
            vec((any::<String>(), inner), 0..5).prop_map(|fields| fields.into_iter().collect()),
        ]
    });
    vec((any::<String>(), value), 0..6).prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_url_that_passes_keeps_every_rule_and_its_form(text in urls(), allow_http in any::<bool>()) {
        let policy = UrlPolicy { allow_http, ..UrlPolicy::default() };
        if let Ok(url) = EndpointUrl::parse(&text, &policy) {
            let parsed = Url::parse(url.as_str()).unwrap();
            prop_assert!(text.len() <= MAX_URL && url.as_str().len() <= MAX_URL);
            prop_assert!(url.as_str().is_ascii() && !url.as_str().contains(char::is_whitespace));
            prop_assert!(parsed.scheme() == "https" || allow_http && parsed.scheme() == "http");
            prop_assert!(parsed.username().is_empty() && parsed.password().is_none() && parsed.fragment().is_none());
            prop_assert!(parsed.host_str().is_some_and(|host| !host.is_empty()));
            let port = parsed.port_or_known_default().unwrap();
            prop_assert!(port == 443 || port >= 1024 || allow_http && port == 80, "{port}");
            prop_assert_eq!(EndpointUrl::parse(url.as_str(), &policy), Ok(url.clone()));
            prop_assert!(url.check_literal(&policy.addresses).is_ok());
        }
    }

    #[test]
    fn a_url_that_passes_with_the_strict_policy_passes_with_the_loose_one(text in urls()) {
        let loose = UrlPolicy { allow_http: true, ..UrlPolicy::default() };
        if let Ok(url) = EndpointUrl::parse(&text, &UrlPolicy::default()) {
            prop_assert_eq!(EndpointUrl::parse(&text, &loose), Ok(url));
        }
    }

    #[test]
    fn a_payload_has_the_same_data_and_is_bounded(
        data in objects(), chatbot in any::<String>(), ms in 0_i64..4_000_000_000_000, limit in 0_usize..4096, is_pretty in any::<bool>(),
    ) {
        let text = if is_pretty { serde_json::to_string_pretty(&data) } else { serde_json::to_string(&data) };
        let time = Timestamp::from_millis(ms).unwrap();
        if let Ok(payload) = Payload::build(EventType::TICKET_CREATED, &chatbot, time, &text.unwrap(), limit) {
            prop_assert!(payload.as_bytes().len() <= limit);
            let read: serde_json::Value = serde_json::from_slice(payload.as_bytes()).unwrap();
            // The bytes of data are kept; read again they are the same value.
            prop_assert_eq!(&read["data"], &serde_json::from_str::<serde_json::Value>(&data.to_string()).unwrap());
            prop_assert_eq!(&read["chatbotId"], &serde_json::Value::from(chatbot));
            prop_assert_eq!(read["timestamp"].as_str().unwrap().parse::<Timestamp>(), Ok(time));
            prop_assert_eq!(read.as_object().unwrap().len(), 4);
        }
    }

    #[test]
    fn a_time_that_is_read_is_written_and_read_again(
        text in prop_oneof![
            any::<String>(),
            "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,12})?([Zz]|[+-][0-9]{2}:?[0-9]{2})?",
        ],
    ) {
        if let Ok(time) = text.parse::<Timestamp>() {
            prop_assert_eq!(time.to_string().parse::<Timestamp>(), Ok(time));
            prop_assert_eq!(time.to_string().len(), "2026-03-26T15:30:00.000Z".len());
        }
    }

    #[test]
    fn no_retry_after_makes_a_wait_longer_than_a_day_or_shorter_than_planned(
        value in prop_oneof![
            any::<String>(),
            "[0-9]{1,60}",
            "(Sun|Mon|Tue|Wed|Thu|Fri|Sat), [0-9]{2} (Jan|Feb|Mar|Dec) [0-9]{1,5} [0-9]{2}:[0-9]{2}:[0-9]{2} (GMT|[+-][0-9]{4})",
        ],
        now in 0_i64..=253_402_300_799,
        attempt in 1_u32..=9,
    ) {
        let schedule = RetrySchedule::default();
        let planned = schedule.next_delay(attempt, None, 0.0).unwrap();
        let wait = schedule.next_delay(attempt, parse_retry_after(&value, now), 0.0).unwrap();
        prop_assert!(wait >= planned && wait <= planned.max(MAX_RETRY_AFTER), "{wait:?}");
        if let Ok(seconds) = value.parse::<u32>() && value.bytes().all(|byte| byte.is_ascii_digit()) {
            prop_assert_eq!(parse_retry_after(&value, now), Some(Duration::from_secs(seconds.into())));
        }
    }

    #[test]
    fn an_id_that_is_read_is_the_text_and_safe_in_a_key(
        text in prop_oneof![
            any::<String>(),
            "(ep|evt|dlv|rpl)_[0-9a-z]{16,26}(_[0-9a-z]{16}(_[0-9a-z]{8})?)?",
            "(org|user|team):[!-~]{0,110}",
        ],
    ) {
        let safe = |id: &str| {
            id == text && id.len() <= 128 && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_:.-".contains(&byte))
        };
        prop_assert!(!text.parse::<EndpointId>().is_ok_and(|id| !safe(id.as_str())));
        prop_assert!(!text.parse::<EventId>().is_ok_and(|id| !safe(id.as_str())));
        prop_assert!(!text.parse::<ReplayId>().is_ok_and(|id| !safe(id.as_str())));
        prop_assert!(!text.parse::<AccountId>().is_ok_and(|id| !safe(id.as_str())));
        if let Ok(id) = text.parse::<DeliveryId>() {
            prop_assert!(safe(id.as_str()));
            // It names its event and its endpoint, which are ids themselves.
            prop_assert!(id.event().as_str().parse::<EventId>().is_ok());
            prop_assert!(id.endpoint().as_str().parse::<EndpointId>().is_ok());
        }
    }

    #[test]
    fn names_of_events_and_secrets_are_themselves_or_nothing(text in prop_oneof![any::<String>(), "[a-z.*]{0,24}", "whsec_[A-Za-z0-9+/=]{0,60}"]) {
        if let Ok(kind) = text.parse::<EventType>() {
            prop_assert_eq!(kind.as_str(), &text);
        }
        if let Ok(subscription) = text.parse::<Subscription>() {
            prop_assert_eq!(subscription.as_str(), &text);
        }
        if let Ok(secret) = SigningSecret::parse(&text) {
            prop_assert_eq!(secret.expose(), &text);
        }
    }
}
