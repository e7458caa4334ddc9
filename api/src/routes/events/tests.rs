use domain::id::EventId;
use proptest::prelude::*;
use serde_json::value::RawValue;
use store::events::Budgets;

use super::super::idempotency::plain;
use super::answer::{BatchPushed, BatchResult};
use super::request::{MAX_BATCH, RawItem};
use super::*;
use crate::allowance::Allowance;
use crate::json;

const ALLOWANCE: Allowance = Allowance {
    payload_bytes: 2048,
    endpoints: 1,
    budgets: Budgets {
        account_bytes: 1,
        parked_bytes: 1,
    },
};

fn item(text: &str) -> Result<NewEvent, Problem> {
    let item = RawItem(RawValue::from_string(text.to_owned()).unwrap());
    read::item(
        &item,
        None,
        &ALLOWANCE,
        Timestamp::from_millis(1_000).unwrap(),
        EventId::new(1_000),
    )
}

fn event(extra: &str) -> String {
    format!(r#"{{"accountId":"org:a","event":"lead.captured","chatbotId":"c","data":{{ "n": 1.0 }}{extra}}}"#)
}

#[test]
fn an_item_becomes_the_payload_that_receivers_get() {
    let new = item(&event("")).unwrap();
    assert_eq!(
        new.payload.as_bytes(),
        r#"{"event":"lead.captured","chatbotId":"c","timestamp":"1970-01-01T00:00:01.000Z","data":{"n":1.0}}"#
    );
    assert!(new.idempotency.is_none());
    let timed = item(&event(r#","timestamp":"2026-03-26T16:30:00.5+01:00""#)).unwrap();
    let text = String::from_utf8(timed.payload.as_bytes().to_vec()).unwrap();
    assert!(
        text.contains(r#""timestamp":"2026-03-26T15:30:00.500Z""#),
        "{text}"
    );
}

#[test]
fn what_is_wrong_with_an_item_is_told_by_field() {
    let long = format!(r#""{}""#, "x".repeat(2048));
    for (text, code, field) in [
        ("7".to_owned(), "invalid_type", None),
        ("null".to_owned(), "invalid_type", None),
        ("[]".to_owned(), "invalid_type", None),
        ("{}".to_owned(), "missing_field", Some("accountId")),
        (event(r#","extra":1"#), "unknown_field", Some("extra")),
        (event(r#","timestamp":7"#), "invalid_type", Some("timestamp")),
        (
            event(r#","timestamp":"now""#),
            "invalid_timestamp",
            Some("timestamp"),
        ),
        (
            event(r#","idempotencyKey":"a b""#),
            "invalid_idempotency_key",
            Some("idempotencyKey"),
        ),
        (
            event(r#","idempotencyKey":"""#),
            "invalid_idempotency_key",
            Some("idempotencyKey"),
        ),
        (
            event("").replace("org:a", "a"),
            "invalid_account_id",
            Some("accountId"),
        ),
        (
            event("").replace("lead.captured", "*"),
            "unknown_event",
            Some("event"),
        ),
        (
            event("").replace(r#":"c""#, r#":"""#),
            "invalid_chatbot_id",
            Some("chatbotId"),
        ),
        (
            event("").replace("{ \"n\": 1.0 }", "[]"),
            "invalid_type",
            Some("data"),
        ),
        (event("").replace("1.0", &long), "payload_too_large", Some("data")),
        (
            event("").replace("1.0", &format!("{}{}", "[".repeat(64), "]".repeat(64))),
            "data_too_deep",
            Some("data"),
        ),
    ] {
        let problem = item(&text).expect_err(&text);
        let body = serde_json::to_value(problem.body()).unwrap();
        assert_eq!(
            (problem.code().as_str(), body["field"].as_str()),
            (code, field),
            "{text}: {problem}"
        );
        let result = serde_json::to_value(BatchResult::from(Err(problem))).unwrap();
        assert_eq!(result["status"], body["status"]);
        assert_eq!(result["error"]["code"], code);
        assert!(result.get("id").is_none());
    }
}

#[test]
fn requests_are_the_same_when_the_caller_sent_the_same() {
    let print = |text: &str| item(text).unwrap().idempotency.unwrap().fingerprint;
    let keyed = |extra: &str| event(&format!(r#","idempotencyKey":"k"{extra}"#));
    let first = print(&keyed(""));
    assert_eq!(first, print(&keyed("").replace("{ \"n\": 1.0 }", "{\"n\":1.0}")));
    assert_eq!(first, print(&keyed(r#","timestamp":null"#)));
    for other in [
        keyed(r#","timestamp":"1970-01-01T00:00:01.000Z""#),
        keyed("").replace("1.0", "1.00"),
        keyed("").replace("lead.captured", "ticket.created"),
        keyed("").replace(r#":"c""#, r#":"d""#),
    ] {
        assert_ne!(first, print(&other), "{other}");
    }
    let tricky = keyed("").replace(r#":"c""#, r#":"c\",\"data\":""#);
    assert_ne!(print(&tricky), print(&tricky.replace("1.0", "2.0")));
    assert_ne!(print(&tricky), first);
}

#[test]
fn a_request_has_the_fingerprint_that_other_releases_have_stored() {
    for (time, fingerprint) in [
        ("", "b9fc672d5c04d4e3f2ca35becf589d97"),
        (
            r#","timestamp":"2026-03-26T16:30:00.5+01:00""#,
            "afcb069abb2bc861173fa94b966ea924",
        ),
    ] {
        let new = item(&event(&format!(r#","idempotencyKey":"k"{time}"#))).unwrap();
        assert_eq!(new.idempotency.unwrap().fingerprint, fingerprint);
    }
}

#[test]
fn what_stands_for_a_request_says_which_part_differs() {
    let parts = |text: &str| item(text).unwrap().idempotency.unwrap().parts;
    let keyed = |extra: &str| event(&format!(r#","idempotencyKey":"k"{extra}"#));
    let timed = |time: &str| keyed(&format!(r#","timestamp":"{time}""#));
    // They are kept for a day, also from one release to the next.
    assert_eq!(parts(&keyed("")), "ahJyKGLnOXO2");
    assert_eq!(parts(&timed("2026-03-26T16:30:00.5+01:00")), "SjKWKGLnM2O2");
    for same in [
        "2026-03-26T15:30:00.500Z",
        "2026-03-26T15:30:00.5Z",
        "2026-03-26t15:30:00.5-00:00",
    ] {
        assert_eq!(parts(&timed(same)), "SjKWKGLnM2O2", "{same}");
    }
    let first = parts(&keyed(""));
    for (number, other) in [
        keyed("").replace("lead.captured", "ticket.created"),
        keyed("").replace(r#":"c""#, r#":"d""#),
        timed("2026-03-26T15:30:00.500Z"),
        keyed("").replace("1.0", "1.00"),
    ]
    .iter()
    .enumerate()
    {
        let other = parts(other);
        assert_ne!(first[..4], other[..4]);
        for part in 0..4 {
            let place = 4 + 2 * part..6 + 2 * part;
            assert_eq!(
                first[place.clone()] != other[place],
                part == number,
                "{part} of {number}"
            );
        }
    }
}

#[test]
fn a_key_in_quotes_is_the_same_as_one_without() {
    for (key, same_as) in [
        ("k1", "k1"),
        (r#""k1""#, "k1"),
        (r#""a\"b\\""#, r#"a"b\"#),
        // No string of a structured field, so a key as it stands.
        (r#""k1"#, r#""k1"#),
        (r#"k1""#, r#"k1""#),
        (r#""""#, r#""""#),
        (r#"""#, r#"""#),
        (r#""a"b""#, r#""a"b""#),
        (r#""a\b""#, r#""a\b""#),
        (r#""a\""#, r#""a\""#),
    ] {
        assert_eq!(plain(key), same_as, "{key}");
    }
}

fn accepted() -> Result<EventAccepted, Problem> {
    Ok(EventAccepted {
        id: "evt_1".to_owned(),
        deliveries: 1,
        duplicate: None,
        warnings: None,
    })
}

/// A batch of events with these outcomes: the status, `Retry-After`, and the body of its answer.
async fn answered(codes: &[Option<Code>]) -> (u16, Option<String>, serde_json::Value) {
    let outcome = |(number, code): (usize, &Option<Code>)| match code {
        None => accepted(),
        Some(Code::RateLimited) => {
            Err(Problem::new(Code::RateLimited).retry_after(10 + u32::try_from(number).unwrap()))
        }
        Some(code) => Err(Problem::new(*code).field("event")),
    };
    let outcomes = codes.iter().enumerate().map(outcome).collect();
    let response = poem::IntoResponse::into_response(BatchPushed::of(outcomes));
    let status = response.status().as_u16();
    let wait = response.headers().get("retry-after");
    let wait = wait.map(|value| value.to_str().unwrap().to_owned());
    let kind = response.content_type().unwrap().to_owned();
    assert_eq!(kind == "application/problem+json", status != 202, "{kind}");
    let body = response.into_body().into_bytes().await.unwrap();
    (status, wait, serde_json::from_slice(&body).unwrap())
}

#[tokio::test]
async fn a_batch_is_answered_by_what_became_of_its_events() {
    const UNKNOWN: Option<Code> = Some(Code::UnknownEvent);
    const TIME: Option<Code> = Some(Code::InvalidTimestamp);
    const LATER: Option<Code> = Some(Code::RateLimited);
    for (codes, status, code, wait) in [
        (&[None, None][..], 202, None, None),
        (&[None, UNKNOWN], 202, None, None),
        (&[None, LATER, LATER, UNKNOWN], 202, None, Some("12")),
        (&[UNKNOWN, UNKNOWN, UNKNOWN], 422, Some("unknown_event"), None),
        (&[TIME, UNKNOWN], 422, Some("invalid_timestamp"), None),
        (&[LATER, LATER], 429, Some("rate_limited"), Some("11")),
        (&[LATER, UNKNOWN], 422, Some("nothing_accepted"), Some("10")),
        (
            &[Some(Code::PayloadTooLarge)],
            413,
            Some("payload_too_large"),
            None,
        ),
    ] {
        let (answered, waits, body) = answered(codes).await;
        assert_eq!((answered, waits.as_deref()), (status, wait), "{body}");
        assert_eq!(body["code"].as_str(), code, "{body}");
        let good = codes.iter().filter(|code| code.is_none()).count();
        assert_eq!(
            (&body["accepted"], &body["rejected"]),
            (&good.into(), &(codes.len() - good).into())
        );
        let results = body["results"].as_array().unwrap();
        let told: Vec<_> = results
            .iter()
            .map(|result| result["error"]["code"].as_str())
            .collect();
        let wanted: Vec<_> = codes.iter().map(|code| code.map(Code::as_str)).collect();
        assert_eq!(told, wanted);
        if code.is_some() {
            assert_eq!(body["status"], status);
        }
    }
}

#[test]
fn a_long_list_is_counted_and_not_kept() {
    let text = format!(r#"{{"events":[{}1]}}"#, "1,".repeat(100_000));
    let batch: PushBatch = json::parse(text.as_bytes()).unwrap();
    assert_eq!(batch.events.len(), MAX_BATCH + 1);
    for (body, field) in [
        (r#"{"events":{}}"#, Some("events")),
        (r#"{"events":null}"#, Some("events")),
        (r#"[]"#, None),
    ] {
        let problem = json::parse::<PushBatch>(body.as_bytes()).unwrap_err();
        let sent = serde_json::to_value(problem.body()).unwrap();
        assert_eq!(
            (sent["code"].as_str(), sent["field"].as_str()),
            (Some("invalid_type"), field)
        );
    }
}

/// JSON, mostly of an event with one thing that is odd.
fn bodies() -> impl Strategy<Value = String> {
    const FIELDS: [&str; 7] = [
        "accountId",
        "event",
        "chatbotId",
        "data",
        "timestamp",
        "idempotencyKey",
        "other",
    ];
    let odd = prop_oneof![
        any::<String>().prop_map(|text| serde_json::Value::from(text).to_string()),
        "[0-9eE.+-]{1,30}",
        "[\\[\\]{}]{0,200}",
        Just("null".to_owned()),
        "\\PC{0,40}",
    ];
    prop_oneof![
        any::<String>(),
        (prop::sample::select(&FIELDS[..]), odd)
            .prop_map(|(field, value)| event(&format!(r#","{field}":{value}"#))),
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| {
            let mut text = event("").into_bytes();
            let at = at.index(text.len());
            text[at] = byte & 0x7f;
            String::from_utf8(text).unwrap()
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn no_body_breaks_the_parser_and_what_passes_is_bounded(text in bodies()) {
        let problem = match json::parse::<PushEvent>(text.as_bytes()) {
            Ok(body) => match read::event(body, None, &ALLOWANCE, Timestamp::from_millis(1_000).unwrap(), EventId::new(1_000)) {
                Ok(new) => {
                    prop_assert!(new.payload.as_bytes().len() <= ALLOWANCE.payload_bytes);
                    prop_assert!(serde_json::from_slice::<serde_json::Value>(new.payload.as_bytes()).is_ok());
                    return Ok(());
                }
                Err(problem) => problem,
            },
            Err(problem) => problem,
        };
        // Whatever was sent, little of it is repeated.
        let told = serde_json::to_string(&problem.body()).unwrap();
        prop_assert!(problem.http_status().is_client_error() && told.len() < 2000, "{told}");
    }

    #[test]
    fn no_bytes_break_the_parser(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(json::parse::<PushEvent>(&bytes).is_err() && json::parse::<PushBatch>(&bytes).is_err());
    }
}
