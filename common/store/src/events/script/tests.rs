use domain::clock::Timestamp;
use redis::Value;

use super::super::{Budgets, Idempotency};
use super::*;
use crate::scripts::{Answer, Script};

const LIMITS: EventLimits = EventLimits {
    key: String::new(),
    per_key: 5,
    per_account: 9,
};

fn written(limits: EventLimits, events: &[NewEvent]) -> Vec<String> {
    let budgets = Budgets {
        account_bytes: 1000,
        parked_bytes: 200,
    };
    let terms = Terms { budgets, limits };
    let mut command = Cmd::new();
    Accept::new(&terms, events).write(&mut command);
    command
        .args_iter()
        .map(|argument| match argument {
            redis::Arg::Simple(bytes) => String::from_utf8(bytes.to_vec()).unwrap(),
            _ => panic!("a cursor"),
        })
        .collect()
}

fn event(idempotency: Option<Idempotency>) -> NewEvent {
    let (event, time) = (EventType::LeadCaptured, Timestamp::from_millis(0).unwrap());
    NewEvent {
        id: "evt_00000000000000000000000001".parse().unwrap(),
        account: "org:a".parse().unwrap(),
        event,
        chatbot_id: "bot".to_owned(),
        payload: Payload::build(event, "bot", time, "{}", 1000).unwrap(),
        idempotency,
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
        "0",
        "1",
        "org:a",
        "evt_00000000000000000000000001",
        "lead.captured",
        "bot",
        body,
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
        (limits(5, 9), &["2", "0", "5", "K", "backend", "9", "A"][..]),
        (limits(5, 0), &["1", "0", "5", "K", "backend"]),
        (limits(0, 9), &["1", "0", "9", "A"]),
        (limits(0, 0), &["0", "0"]),
    ] {
        assert_eq!(written(limits, &[])[3..], *expected);
    }
    let keyed = Idempotency {
        key: "key".to_owned(),
        fingerprint: "print".to_owned(),
    };
    let sha256_of_key = "2c70e12b7a0646f92279f427c7b38e7334d8e5389cff167a1dc30e73f826b683";
    let sent = written(EventLimits::NONE, &[event(Some(keyed))]);
    assert_eq!(sent[10..], [sha256_of_key, "print"]);
}

fn text(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

fn quota(left: i64, ends_in: i64) -> Value {
    Value::Array(vec![Value::Int(left), Value::Int(ends_in)])
}

fn accepted(duplicate: i64, quotas: &[Value]) -> Value {
    let id = text("evt_00000000000000000000000001");
    let start = [text("accepted"), id, Value::Int(3), Value::Int(duplicate)];
    Value::Array([&start, quotas].concat())
}

/// The results that are read from an answer, in words.
fn results(limits: &EventLimits, answers: &[Value]) -> Vec<String> {
    Vec::<Legible<EventAnswer>>::read(Value::Array(answers.to_vec()))
        .unwrap()
        .into_iter()
        .map(|answer| match answer.result(limits) {
            Ok(Counted { outcome, quotas }) => {
                let quotas = quotas
                    .iter()
                    .map(|quota| format!("{:?}: {} for {:?}", quota.subject, quota.left, quota.ends_in));
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
    let told = results(
        &LIMITS,
        &[
            accepted(0, &[quota(4, 60_000), quota(8, 50_000)]),
            accepted(1, &[]),
            text("conflict"),
            text("over_budget"),
            Value::Array(vec![text("rate_limited"), quota(0, 1), quota(7, 2)]),
        ],
    );
    let expected = [
        "3 deliveries, false; ServiceKey: 4 for 60s; Account: 8 for 50s",
        "3 deliveries, true",
        "IdempotencyConflict",
        "OverBudget",
        "RateLimited; ServiceKey: 0 for 1ms; Account: 7 for 2ms",
    ];
    assert_eq!(told, expected);
    let of_account = EventLimits { per_key: 0, ..LIMITS };
    let told = results(&of_account, &[accepted(0, &[quota(4, 60_000)])]);
    assert_eq!(told, ["3 deliveries, false; Account: 4 for 60s"]);
    assert_eq!(
        results(&EventLimits::NONE, &[accepted(0, &[])]),
        ["3 deliveries, false"]
    );
}

#[test]
fn what_cant_be_read_of_one_event_spoils_no_other() {
    let told = results(
        &LIMITS,
        &[
            text("unreadable"),
            text("surprise"),
            Value::Nil,
            Value::Array(vec![
                text("accepted"),
                text("no id"),
                Value::Int(1),
                Value::Int(0),
            ]),
            accepted(0, &[Value::Int(5)]),
            accepted(0, &[]),
        ],
    );
    assert!(told[0].contains("account"), "{told:?}");
    assert!(
        told[1..5]
            .iter()
            .all(|result| result.contains("outcome of an event")),
        "{told:?}"
    );
    assert_eq!(told[5], "3 deliveries, false");
}
