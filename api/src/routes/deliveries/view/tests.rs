use super::*;
use bytes::Bytes;
use serde_json::json;

const ID: &str = "dlv_01kmnq8v3r5t7w9y1b3d5f7h9j_7zq3k9m2x4t8w1v5";

fn waiting() -> DeliverySummary {
    DeliverySummary {
        id: ID.parse().unwrap(),
        event: String::new(),
        state: DeliveryState::Parked,
        attempts: 0,
        next_attempt_at: None,
        held_until: None,
        last: None,
        reason: None,
        replay_of: None,
        is_test: false,
    }
}

#[test]
fn a_delivery_that_was_never_attempted_says_what_its_id_says() {
    let mut told = serde_json::to_value(DeliveryView::from(waiting())).unwrap();
    let accepted = told["acceptedAt"].take();
    assert!(
        accepted.as_str().unwrap().starts_with("2026-03-26T"),
        "{accepted}"
    );
    assert_eq!(
        told,
        json!({
            "id": ID, "eventId": "evt_01kmnq8v3r5t7w9y1b3d5f7h9j", "endpointId": "ep_7zq3k9m2x4t8w1v5", "event": null, "status": "parked", "attempts": 0,
            "lastAttemptAt": null, "nextAttemptAt": null, "heldUntil": null,
            "waitsBecause": "its endpoint is paused, or not switched on", "httpStatus": null, "durationMs": null, "error": null,
            "detail": null, "replayOf": null, "test": false, "acceptedAt": null,
        })
    );
}

#[test]
fn a_delivery_says_why_it_waits() {
    let said = |state, held_until: Option<&str>| {
        let delivery = DeliverySummary {
            state,
            held_until: held_until.map(|time| time.parse().unwrap()),
            ..waiting()
        };
        let told = serde_json::to_value(DeliveryView::from(delivery)).unwrap();
        (told["waitsBecause"].clone(), told["heldUntil"].clone())
    };
    let held = Some("2036-03-26T12:03:04.500Z");
    for state in [DeliveryState::Pending, DeliveryState::Retrying] {
        assert_eq!(said(state, None), (json!(null), json!(null)));
        assert_eq!(
            said(state, held),
            (
                json!("the receiver asked to wait until 2036-03-26 12:03:04 UTC"),
                json!(held)
            )
        );
    }
    let parked = said(DeliveryState::Parked, None);
    assert_eq!(parked.0, "its endpoint is paused, or not switched on");
}

#[test]
fn every_state_is_told_by_its_stable_name() {
    for state in DeliveryState::ALL {
        let told = serde_json::to_value(DeliveryStatus::from(state)).unwrap();
        assert_eq!(told, state.as_str());
    }
}

#[test]
fn a_payload_keeps_its_bytes_and_a_broken_one_is_a_defect() {
    let detail = |body: &'static str| {
        DeliveryDetailView::try_from(DeliveryDetail {
            summary: waiting(),
            payload: Some(Payload {
                event: "lead.captured".to_owned(),
                body: Bytes::from_static(body.as_bytes()),
            }),
            attempts: Vec::new(),
        })
    };
    let body = r#"{"event":"lead.captured","data":{"b":1.00,"a":"\u00e9","n":12345678901234567890123}}"#;
    let text = serde_json::to_string(&detail(body).unwrap()).unwrap();
    assert!(text.contains(&format!(r#""payload":{body}"#)), "{text}");
    assert_eq!(detail("{").unwrap_err().code(), Code::InternalError);
}
