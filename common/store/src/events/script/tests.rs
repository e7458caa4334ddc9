use domain::clock::Timestamp;
use redis::Value;

use super::super::{AcceptOutcome, Budgets, Counted, Idempotency};
use super::*;
use crate::rates::EventLimits;
use crate::scripts::{Answer, Script};

fn written(limits: EventLimits, events: &[NewEvent]) -> Vec<String> {
    let budgets = Budgets {
        account_bytes: 1000,
        parked_bytes: 200,
    };
    let terms = Terms { budgets, limits };
    let mut command = Cmd::new();
    Accept::new(&terms, 1, false, events).write(&mut command);
    command
        .args_iter()
        .map(|argument| match argument {
            redis::Arg::Simple(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            _ => panic!("a cursor"),
        })
        .collect()
}

fn event(idempotency: Option<Idempotency>) -> NewEvent {
    let (event, time) = (EventType::LEAD_CAPTURED, Timestamp::from_millis(0).unwrap());
    NewEvent {
        id: "evt_00000000000000000000000001".parse().unwrap(),
        account: "org:a".parse().unwrap(),
        event,
        chatbot_id: "bot".to_owned(),
        payload: Payload::build(event, "bot", time, "{}", 1000).unwrap(),
        idempotency,
        trace: None,
    }
}

#[test]
fn without_limits_and_keys_little_is_sent() {
    let body =
        r#"{"event":"lead.captured","chatbotId":"bot","timestamp":"1970-01-01T00:00:00.000Z","data":{}}"#;
    let expected = [
        "86400000",
        "1000",
        "200",
        "1",
        "0",
        "0",
        "1",
        "org:a",
        "evt_00000000000000000000000001",
        "lead.captured",
        "bot",
        body,
        "",
        "",
        "",
    ];
    assert_eq!(written(EventLimits::NONE, &[event(None)]), expected);
}

#[test]
fn only_limits_that_are_set_are_sent_and_keys_as_hashes() {
    let limits = |per_key, per_account| EventLimits {
        key: "backend".to_owned(),
        per_key,
        per_account,
    };
    for (limits, expected) in [
        (limits(5, 9), &["2", "0", "5", "backend", "9", ""][..]),
        (limits(5, 0), &["1", "0", "5", "backend"]),
        (limits(0, 9), &["1", "0", "9", ""]),
        (limits(0, 0), &["0", "0"]),
    ] {
        assert_eq!(written(limits, &[])[5..], *expected);
    }
    let keyed = Idempotency {
        key: "key".to_owned(),
        is_quoted: true,
        fingerprint: "print".to_owned(),
        parts: "whole7ccttdd".to_owned(),
    };
    let sha256_of_key = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";
    let sent = written(EventLimits::NONE, &[event(Some(keyed))]);
    let sha256_of_quoted = "c0c1baf2fa65372c83bc5781a31d3ee0bceb37e7917317f33a92825fe5367189";
    let both = format!("{sha256_of_key}{sha256_of_quoted}q");
    assert_eq!(sent[12..], [both.as_str(), "whole7ccttddprint", ""]);
}

fn text(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

/// A word and numbers.
fn list(word: &str, numbers: &[i64]) -> Value {
    let numbers = numbers.iter().copied().map(Value::Int);
    Value::Array(std::iter::once(text(word)).chain(numbers).collect())
}

fn accepted(duplicate: i64, quotas: &[i64]) -> Value {
    let Value::Array(mut values) = list("accepted", &[&[3, duplicate], quotas].concat()) else {
        panic!("a list");
    };
    values.insert(1, text("evt_00000000000000000000000001"));
    Value::Array(values)
}

/// The results that are read from an answer, in words.
fn results(answers: &[Value]) -> Vec<String> {
    Vec::<Legible<EventAnswer>>::read(Value::Array(answers.to_vec()))
        .unwrap()
        .into_iter()
        .map(|answer| match answer.result() {
            Ok(Counted { outcome, quotas }) => {
                let quotas = quotas.iter().map(|quota| {
                    let crate::rates::Quota {
                        subject,
                        most,
                        left,
                        ends_in,
                    } = quota;
                    format!("{subject:?}: {left} of {most} for {ends_in:?}")
                });
                let outcome = match outcome {
                    AcceptOutcome::Accepted(accepted) => {
                        format!("{} deliveries, {}", accepted.deliveries, accepted.duplicate)
                    }
                    other => format!("{other:?}"),
                };
                [vec![outcome], quotas.collect()].concat().join("; ")
            }
            Err(error) => error.to_string(),
        })
        .collect()
}

#[test]
fn each_outcome_is_read_with_what_is_left_of_the_limits_that_are_set() {
    let told = results(&[
        accepted(0, &[1, 9, 4, 60_000, 2, 5, 8, 50_000]),
        accepted(1, &[]),
        Value::Array(vec![text("conflict"), Value::Array(vec![text("data")])]),
        text("over_budget"),
        list("rate_limited", &[1, 3, 0, 1, 2, 9, 7, 2]),
    ]);
    let expected = [
        "3 deliveries, false; ServiceKey: 4 of 9 for 60s; Account: 8 of 5 for 50s",
        "3 deliveries, true",
        "IdempotencyConflict([\"data\"])",
        "OverBudget",
        "RateLimited; ServiceKey: 0 of 3 for 1ms; Account: 7 of 9 for 2ms",
    ];
    assert_eq!(told, expected);
    let told = results(&[accepted(0, &[2, 8, 4, 60_000])]);
    assert_eq!(told, ["3 deliveries, false; Account: 4 of 8 for 60s"]);
    assert_eq!(results(&[accepted(0, &[])]), ["3 deliveries, false"]);
}

#[test]
fn what_cant_be_read_of_one_event_spoils_no_other() {
    let told = results(&[
        text("unreadable"),
        text("surprise"),
        Value::Nil,
        Value::Array(vec![
            text("accepted"),
            text("no id"),
            Value::Int(1),
            Value::Int(0),
        ]),
        accepted(0, &[1, 5, -1, 5]),
        accepted(0, &[5]),
        accepted(0, &[]),
    ]);
    assert!(told[0].contains("account"), "{told:?}");
    assert!(told[5].contains("a quota"), "{told:?}");
    assert!(
        told[1..5]
            .iter()
            .all(|result| result.contains("outcome of an event")),
        "{told:?}"
    );
    assert_eq!(told[6], "3 deliveries, false");
}
