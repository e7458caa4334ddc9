//! Pausing endpoints: what the owner's calls say, and what an operator does beside them.
//!
//! Proves (guarantees): a paused endpoint keeps what waits and what comes, and what was in flight counts
//! Proves (guarantees): what an operator holds, an owner sees and can't lift

use e2e::before;
use e2e::process::Process;
use e2e::receiver::Answer;
use e2e::redis_server::RedisServer;
use e2e::system::System;
use reqwest::Method;
use serde_json::{Value, json};

use crate::fixture::{ENDPOINTS, api, api_with_endpoint, assert_refused, everything};

/// `webhooksctl` with these words; what it said.
fn ctl(system: &System, words: &[&str], succeeds: bool) -> String {
    let environment = [("REDIS_URL".to_owned(), system.redis.url())];
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", words, &environment));
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert_eq!(output.status.success(), succeeds, "{said}");
    said
}

/// Each request, and what the endpoint is then: `active`, `state`, `disabledReason`.
#[tokio::test]
async fn active_and_state_say_one_thing_and_forms_may_send_back_what_they_read() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let path = format!("{ENDPOINTS}/{id}");
    for (body, active, state, reason) in [
        (json!({"state": "paused"}), false, "paused", Value::Null),
        (json!({"active": false}), false, "paused", Value::Null),
        (
            json!({"active": false, "state": "paused", "description": "a form"}),
            false,
            "paused",
            Value::Null,
        ),
        (json!({"active": true}), true, "active", Value::Null),
        (
            json!({"active": true, "state": "active"}),
            true,
            "active",
            Value::Null,
        ),
        (
            json!({"active": false, "state": "paused"}),
            false,
            "paused",
            Value::Null,
        ),
        (json!({"state": "off"}), false, "off", json!("owner")),
        (json!({"active": false}), false, "off", json!("owner")),
        (json!({"state": "paused"}), false, "paused", Value::Null),
        (json!({"state": "active"}), true, "active", Value::Null),
        (json!({"active": false}), false, "off", json!("owner")),
        (json!({"state": "active"}), true, "active", Value::Null),
        (json!({"state": "paused"}), false, "paused", Value::Null),
    ] {
        let changed = customer.patch(&path, &body).await.expect(200).body;
        let seen = (&changed["active"], &changed["state"], &changed["disabledReason"]);
        assert_eq!(seen, (&json!(active), &json!(state), &reason), "{body}");
        assert_eq!(changed["operatorHold"], Value::Null);
    }
    // The bare toggle resumes.
    assert_eq!(customer.toggle(&id).await["state"], "active");
    assert_eq!(customer.toggle(&id).await["state"], "off");

    let paused = customer.patch(&path, &json!({"state": "paused"})).await;
    assert_eq!(paused.status, 200);
    let before = everything(&system);
    for body in [
        json!({"active": true, "state": "paused"}),
        json!({"active": true, "state": "off"}),
        json!({"active": true, "state": "disabled"}),
        json!({"active": false, "state": "active"}),
        json!({"state": "disabled", "description": "it isn't"}),
        json!({"state": "suspended"}),
        json!({"state": "Paused"}),
        json!({"state": ""}),
    ] {
        let refused = customer.patch(&path, &body).await;
        let path = "/api/webhooks-config/{id}";
        assert_refused(&Method::PATCH, path, &refused, 422, "invalid_value", "state");
    }
    assert!(everything(&system) == before, "nothing was changed");

    for (query, listed) in [
        ("state=paused", 1),
        ("active=false", 1),
        ("state=off", 0),
        ("active=true", 0),
    ] {
        let list = customer
            .get(&format!("{ENDPOINTS}?{query}"))
            .await
            .expect(200)
            .body;
        assert_eq!(list["endpoints"].as_array().unwrap().len(), listed, "{query}");
    }
    let wrong = customer.get(&format!("{ENDPOINTS}?state=suspended")).await;
    assert_refused(&Method::GET, ENDPOINTS, &wrong, 422, "invalid_filter", "state");
    let summary = customer.get("/api/webhooks-summary").await.expect(200).body;
    assert_eq!(summary["endpoints"]["paused"], 1);
    system.stop();
}

/// What is in flight finishes; what waits for a retry, and what comes, is parked, and arrives when the endpoint is resumed.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_sent_while_an_endpoint_is_paused_and_nothing_is_lost() {
    let (mut system, receiver, endpoint) = System::builder()
        .env("RETRY_SCHEDULE", "1h")
        .start_with_hook()
        .await;
    let (customer, backend) = (system.customer(), system.backend());
    let id = endpoint.id;
    receiver.then("/hook", [Answer::status(500), Answer::status(200).held()]);
    let push = async |number: usize| {
        let data = json!({"number": number});
        backend.push(system.account(), "lead.captured", data).await;
    };
    push(0).await;
    receiver.wait_for_at("/hook", 1).await;
    system
        .wait_for_endpoint(&id, "a retry", |endpoint| {
            endpoint["health"]["queue"]["retrying"] == 1
        })
        .await;
    push(1).await;
    receiver.wait_for_at("/hook", 2).await;
    let pause = json!({"id": id, "state": "paused"});
    let paused = customer.patch(ENDPOINTS, &pause).await.expect(200).body;
    assert_eq!(paused["consecutiveFailures"], 1);
    push(2).await;
    receiver.open_gate();
    // The one that was in flight has ended, and ends the streak.
    let seen = system
        .wait_for_endpoint(&id, "the end of what was in flight", |endpoint| {
            endpoint["consecutiveFailures"] == 0
        })
        .await;
    assert_eq!(seen["state"], "paused");
    assert_eq!(seen["health"]["parked"]["deliveries"], 2);
    assert_eq!(seen["health"]["notices"][0]["about"], "paused");
    let parked = customer
        .get(&format!("{ENDPOINTS}/{id}/deliveries?status=parked"))
        .await
        .expect(200);
    assert_eq!(parked.body["deliveries"].as_array().unwrap().len(), 2);
    assert_eq!(receiver.received_at("/hook").len(), 2);

    let resume = json!({"id": id, "state": "active"});
    assert_eq!(customer.patch(ENDPOINTS, &resume).await.status, 200);
    receiver.wait_for_at("/hook", 4).await;
    e2e::state::assert_nothing_left(&system.redis).await;
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_operator_does_stands_beside_what_the_owner_wants() {
    let (mut system, receiver, endpoint) = System::builder().start_with_hook().await;
    let (customer, backend, id) = (system.customer(), system.backend(), endpoint.id);
    let account = system.account().to_owned();
    ctl(&system, &["pause", "ep_0000000000000000"], false);
    ctl(&system, &["pause", "nobody"], false);
    ctl(&system, &["throttle", &id, "--per-second", "0"], false);
    let said = ctl(&system, &["pause", &id, "--reason", "it floods"], true);
    assert!(
        said.contains("is paused since") && said.contains("it floods"),
        "{said}"
    );
    let seen = customer.endpoint(&id).await;
    assert_eq!(
        (&seen["active"], &seen["state"]),
        (&json!(true), &json!("active"))
    );
    let hold = &seen["operatorHold"];
    assert_eq!(
        (
            &hold["action"],
            &hold["scope"],
            &hold["reason"],
            &hold["rateLimit"]
        ),
        (
            &json!("pause"),
            &json!("endpoint"),
            &json!("it floods"),
            &Value::Null
        )
    );
    assert_eq!(seen["health"]["notices"][0]["about"], "operator_hold");
    for change in [
        json!({"active": false}),
        json!({"active": true}),
        json!({"state": "paused"}),
        json!({"active": true}),
    ] {
        let changed = customer
            .patch(&format!("{ENDPOINTS}/{id}"), &change)
            .await
            .expect(200)
            .body;
        assert_eq!(&changed["operatorHold"], hold, "{change}");
    }
    backend.push(&account, "lead.captured", json!({})).await;
    let summary = customer.get("/api/webhooks-summary").await.expect(200).body;
    assert_eq!(summary["endpoints"]["operatorHolds"], 1);
    assert_eq!(summary["attention"][0]["reason"], "operator_hold");
    let seen = customer.endpoint(&id).await;
    assert_eq!(seen["health"]["parked"]["deliveries"], 1);
    assert_eq!(receiver.received_at("/hook").len(), 0);

    ctl(&system, &["pause", &account, "--reason", "unpaid"], true);
    ctl(&system, &["resume", &id], true);
    assert_eq!(customer.endpoint(&id).await["operatorHold"]["scope"], "account");
    let made = customer.create_endpoint(&receiver.url("/new"), &["*"]).await.id;
    assert_eq!(customer.endpoint(&made).await["operatorHold"]["reason"], "unpaid");
    backend.push(&account, "lead.captured", json!({})).await;
    ctl(&system, &["resume", &account], true);
    receiver.wait_for_at("/hook", 2).await;
    receiver.wait_for_at("/new", 1).await;
    assert_eq!(customer.endpoint(&made).await["operatorHold"], Value::Null);

    let said = ctl(&system, &["throttle", &id, "--per-second", "3"], true);
    assert!(said.contains("gets 3 a second at most"), "{said}");
    let seen = customer.endpoint(&id).await;
    assert_eq!(
        (&seen["rateLimit"], &seen["operatorHold"]["rateLimit"]),
        (&Value::Null, &json!(3))
    );
    e2e::state::assert_nothing_left(&system.redis).await;
    system.stop();
}

/// While the store is in a form of before, what pauses is refused.
#[tokio::test]
async fn pausing_waits_until_an_upgrade_is_over() {
    let server = RedisServer::start();
    before::make_store_in(&server, "3");
    let mut system = System::builder().workers(0).on(server).start().await;
    let customer = system.customer();
    let id = customer
        .create_endpoint("http://127.0.0.1:9000/", &["*"])
        .await
        .id;
    let refused = customer
        .patch(&format!("{ENDPOINTS}/{id}"), &json!({"state": "paused"}))
        .await;
    let path = "/api/webhooks-config/{id}";
    assert_refused(&Method::PATCH, path, &refused, 503, "upgrade_pending", "");
    assert!(refused.headers.contains_key("retry-after"));
    assert_eq!(customer.endpoint(&id).await["state"], "active");
    system.stop();
}

#[tokio::test]
async fn another_accounts_endpoint_is_not_paused() {
    let mut system = api().await;
    let customer = system.customer();
    let strange = system.customer_of("org_2other");
    let id = strange.create_endpoint("http://127.0.0.1:9000/", &["*"]).await.id;
    let refused = customer
        .patch(&format!("{ENDPOINTS}/{id}"), &json!({"state": "paused"}))
        .await;
    let path = "/api/webhooks-config/{id}";
    assert_refused(&Method::PATCH, path, &refused, 404, "endpoint_not_found", "");
    assert_eq!(strange.endpoint(&id).await["state"], "active");
    system.stop();
}
