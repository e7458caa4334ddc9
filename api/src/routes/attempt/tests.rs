use super::*;
use domain::clock::Timestamp;
use serde_json::json;
use store::queue::Phases;

fn logged() -> LoggedAttempt {
    LoggedAttempt {
        at: Timestamp::from_millis(1_790_000_000_000).unwrap(),
        delivery: "dlv_01kmnq8v3r5t7w9y1b3d5f7h9j_7zq3k9m2x4t8w1v5".parse().unwrap(),
        event: "lead.captured".to_owned(),
        attempt: 2,
        outcome: DeliveryState::Retrying,
        held_until: None,
        duration: Some(Duration::from_micros(38_700)),
        phases: Phases {
            dns: Some(Duration::from_micros(1_240)),
            connect: Some(Duration::from_micros(800)),
            tls: None,
            first_byte: Some(Duration::from_millis(30)),
            sent_again: 1,
        },
        status: Some(500),
        error: Some("http_5xx".to_owned()),
        detail: Some("answered 500".to_owned()),
        response_headers: Some("server: nginx\nlocation: https://a.example/: b\nx-cut".to_owned()),
        snippet: Some("oops".to_owned()),
        is_test: false,
        is_probe: false,
        is_erased: false,
    }
}

#[test]
fn an_attempt_is_told_with_all_that_is_kept_of_it() {
    assert_eq!(
        serde_json::to_value(AttemptView::from(logged())).unwrap(),
        json!({
            "at": "2026-09-21T14:13:20.000Z", "attempt": 2, "outcome": "retrying", "probe": false, "heldUntil": null,
            "durationMs": 38,
            "sentAgain": 1,
            "timing": {"dnsMs": 1.2, "connectMs": 0.8, "tlsMs": null, "firstByteMs": 30.0},
            "httpStatus": 500, "error": "http_5xx", "detail": "answered 500",
            "responseHeaders": [
                {"name": "server", "value": "nginx"},
                {"name": "location", "value": "https://a.example/: b"},
            ],
            "responseSnippet": "oops",
            "erased": false,
        })
    );
}

#[test]
fn an_attempt_that_is_held_says_until_when() {
    let held = LoggedAttempt {
        outcome: DeliveryState::Pending,
        held_until: Timestamp::from_millis(1_790_000_030_000),
        ..logged()
    };
    let told = serde_json::to_value(AttemptView::from(held)).unwrap();
    assert_eq!(
        (&told["outcome"], &told["heldUntil"]),
        (&json!("held"), &json!("2026-09-21T14:13:50.000Z"))
    );
}

#[test]
fn what_is_not_there_is_null() {
    let given_up = LoggedAttempt {
        outcome: DeliveryState::Exhausted,
        duration: None,
        phases: Phases::default(),
        status: None,
        response_headers: None,
        snippet: None,
        ..logged()
    };
    let told = serde_json::to_value(AttemptView::from(given_up)).unwrap();
    let none = json!({"dnsMs": null, "connectMs": null, "tlsMs": null, "firstByteMs": null});
    assert_eq!((&told["timing"], &told["outcome"]), (&none, &json!("exhausted")));
    for field in ["durationMs", "httpStatus", "responseHeaders", "responseSnippet"] {
        assert!(told[field].is_null(), "{field}");
    }
}
