//! Limits of one account, as the backend sets them.
//!
//! Proves (guarantees): an account has the limits that the backend gave it, from the next event and the next change on

use e2e::receiver::Receiver;
use e2e::system::{MANAGE_KEY, System};
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, EVENTS, api, assert_refused, everything};

const PATH: &str = "/api/accounts/org_2test/limits";

fn limits(given: Value) -> Value {
    let mut all = json!({
        "endpoints": null, "eventsPerMinute": null, "budgetBytes": null, "parkedBudgetBytes": null,
        "historyBytes": null, "eventTypes": null,
    });
    let Value::Object(given) = given else {
        panic!("limits are an object");
    };
    all.as_object_mut().unwrap().extend(given);
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_its_own_limits_at_once_and_others_the_services() {
    let system = System::start().await;
    let receiver = Receiver::start().await;
    let (customer, manager) = (system.customer(), system.caller(MANAGE_KEY));
    assert_eq!(manager.get(PATH).await.expect(200).body, limits(json!({})));
    let _reply = manager.put(PATH, &json!({"budgetBytes": 5000})).await.expect(200);
    let summary = customer.get("/api/webhooks-summary").await.expect(200).body;
    assert_eq!(summary["budgetBytes"], 5000);
    let wanted =
        json!({"endpoints": 1, "eventsPerMinute": 3, "eventTypes": ["lead.captured", "lead.captured"]});
    let kept = limits(json!({"endpoints": 1, "eventsPerMinute": 3, "eventTypes": ["lead.captured"]}));
    assert_eq!(manager.put(PATH, &wanted).await.expect(200).body, kept);
    assert_eq!(manager.get(PATH).await.expect(200).body, kept);

    let body = |events: Value| json!({"url": receiver.url("/hook"), "events": events});
    let check = format!("{ENDPOINTS}/check");
    for path in [ENDPOINTS, &check] {
        let reply = customer.post(path, &body(json!(["message.sent"]))).await;
        assert_refused(
            &Method::POST,
            path,
            &reply,
            422,
            "event_type_not_allowed",
            "events",
        );
    }
    let made = customer
        .post(ENDPOINTS, &body(json!(["*"])))
        .await
        .expect(201)
        .body;
    for path in [ENDPOINTS, &check] {
        let reply = customer.post(path, &body(json!(["*"]))).await;
        assert_eq!(
            (
                reply.status,
                &reply.body["code"],
                &reply.body["errors"][0]["params"]["max"]
            ),
            (409, &json!("too_many_endpoints"), &json!(1)),
            "{}",
            reply.text
        );
    }
    let path = format!("{ENDPOINTS}/{}", made["id"].as_str().unwrap());
    let reply = customer.patch(&path, &json!({"events": ["message.sent"]})).await;
    assert_refused(
        &Method::PATCH,
        &path,
        &reply,
        422,
        "event_type_not_allowed",
        "events",
    );

    // Events of other types go to nobody, and say why.
    let backend = system.backend();
    let nobodys = backend.push(system.account(), "message.sent", json!({})).await;
    assert_eq!(nobodys.deliveries, 0);
    let trace = customer
        .get(&format!("{EVENTS}/{}", nobodys.id))
        .await
        .expect(200)
        .body;
    assert_eq!(trace["unmatched"]["reason"], "limits");
    for _ in 0..2 {
        let pushed = backend.push(system.account(), "lead.captured", json!({})).await;
        assert_eq!(pushed.deliveries, 1);
    }
    let event =
        json!({"accountId": system.account(), "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
    let refused = backend.post(EVENTS, &event).await;
    assert_eq!(
        (
            refused.status,
            &refused.body["code"],
            &refused.body["errors"][0]["params"]["max"]
        ),
        (429, &json!("rate_limited"), &json!(3)),
        "{}",
        refused.text
    );
    assert!(
        refused.headers["ratelimit-policy"]
            .to_str()
            .unwrap()
            .contains("\"account\";q=3;w=60")
    );
    receiver.wait_for_at("/hook", 2).await;

    assert_eq!(
        manager.put(PATH, &json!({})).await.expect(200).body,
        limits(json!({}))
    );
    let pushed = backend.push(system.account(), "message.sent", json!({})).await;
    assert_eq!(pushed.deliveries, 1);
    let _reply = customer
        .post(ENDPOINTS, &body(json!(["message.sent"])))
        .await
        .expect(201);
    system.finish().await;
}

#[tokio::test]
async fn what_is_wrong_changes_nothing() {
    let mut system = api().await;
    let manager = system.caller(MANAGE_KEY);
    let before = everything(&system);
    for (body, code, field) in [
        (json!({"endpoints": -1}), "invalid_value", "endpoints"),
        (json!({"endpoints": 10_001}), "invalid_value", "endpoints"),
        (json!({"eventsPerMinute": 0}), "invalid_value", "eventsPerMinute"),
        (
            json!({"eventsPerMinute": 1_000_000_001}),
            "invalid_value",
            "eventsPerMinute",
        ),
        (json!({"budgetBytes": 1023}), "invalid_value", "budgetBytes"),
        (
            json!({"parkedBudgetBytes": 1}),
            "invalid_value",
            "parkedBudgetBytes",
        ),
        (
            json!({"historyBytes": 1_u64 << 51}),
            "invalid_value",
            "historyBytes",
        ),
        (
            json!({"eventTypes": ["lead.captured", "*"]}),
            "unknown_event",
            "eventTypes[1]",
        ),
        (
            json!({"eventTypes": "lead.captured"}),
            "invalid_type",
            "eventTypes",
        ),
        (json!({"endpoint": 1}), "unknown_field", "endpoint"),
    ] {
        let reply = manager.put(PATH, &body).await;
        assert_refused(&Method::PUT, PATH, &reply, 422, code, field);
    }
    for caller in [system.customer(), system.backend()] {
        let reply = caller.put(PATH, &json!({"endpoints": 1000})).await;
        assert_eq!(
            (reply.status, &reply.body["code"]),
            (403, &json!("wrong_token_kind"))
        );
    }
    assert_eq!(everything(&system), before);
    system.stop();
}
