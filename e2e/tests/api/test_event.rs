//! Test events over HTTP.
//!
//! Proves (guarantees): a test event is no strike, and touches nothing of the queue
//! Proves (guarantees): a test event fails
//! Proves (security): Test events of accounts whose receivers hang

use domain::event::EventType;
use domain::signing::SigningSecret;
use e2e::client::{Caller, Reply};
use e2e::receiver::{Answer, Receiver};
use e2e::state::{assert_nothing_left, connect, key};
use e2e::system::System;
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use crate::fixture::{ENDPOINTS, api_with_endpoint, assert_refused, everything, refuses};

fn path(id: &str) -> String {
    format!("{ENDPOINTS}/{id}/test")
}

async fn test(caller: &Caller, id: &str, body: &Value) -> Reply {
    caller.post(&path(id), body).await
}

/// What came of a test event that was sent.
async fn tested(caller: &Caller, id: &str, body: &Value) -> Value {
    test(caller, id, body).await.expect(200).body
}

/// Asserts that a delivery is in the log, marked as a test, with the attempt that was answered.
async fn assert_logged(caller: &Caller, endpoint: &str, answer: &Value) {
    let id = answer["deliveryId"].as_str().unwrap();
    let path = format!("{ENDPOINTS}/{endpoint}/deliveries");
    let logged = caller.get(&format!("{path}/{id}")).await.expect(200).body;
    assert_eq!(
        (&logged["test"], &logged["replayOf"]),
        (&json!(true), &Value::Null),
        "{logged}"
    );
    assert_eq!(logged["attemptLog"], json!([answer["attempt"]]));
    let page = caller.get(&format!("{path}?limit=1")).await.expect(200).body;
    let newest = &page["deliveries"][0];
    assert_eq!(
        (&newest["id"], &newest["test"]),
        (&json!(id), &json!(true)),
        "{page}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_event_is_sent_as_any_other_and_answered_with_the_attempt() {
    let system = System::start().await;
    let receiver = Receiver::start().await;
    receiver.always(
        "/hook",
        Answer::status(202).header("x-server", "mine").body("thanks"),
    );
    let customer = system.customer();
    let wanted = json!({"url": receiver.url("/hook"), "events": ["ticket.updated"], "chatbotId": "bot_mine"});
    let made = customer.post(ENDPOINTS, &wanted).await.expect(201).body;
    let (id, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());

    let types = customer.get("/api/event-types").await.expect(200).body;
    let sample = |event: &str| {
        let all = types["eventTypes"].as_array().unwrap();
        all.iter().find(|kind| kind["name"] == event).unwrap()["sample"].clone()
    };
    // A type that the endpoint doesn't subscribe to works, too.
    for event in ["ticket.updated", "session.created", "endpoint.disabled"] {
        let answer = tested(&customer, id, &json!({"event": event})).await;
        assert_eq!(
            (&answer["succeeded"], &answer["event"]),
            (&json!(true), &json!(event))
        );
        let attempt = &answer["attempt"];
        for (name, value) in [
            ("attempt", json!(1)),
            ("outcome", json!("succeeded")),
            ("httpStatus", json!(202)),
            ("error", Value::Null),
            ("detail", Value::Null),
            ("responseSnippet", json!("thanks")),
        ] {
            assert_eq!(attempt[name], value, "{name} in {attempt}");
        }
        let headers = attempt["responseHeaders"].as_array().unwrap();
        assert!(
            headers.contains(&json!({"name": "x-server", "value": "mine"})),
            "{attempt}"
        );
        assert!(attempt["durationMs"].is_u64() && attempt["timing"]["firstByteMs"].is_number());

        let request = receiver.received().pop().unwrap();
        let delivery = answer["deliveryId"].as_str().unwrap();
        assert_eq!(request.expect_header("x-rkt-delivery"), delivery);
        assert_eq!(request.expect_header("x-rkt-event"), event);
        assert_eq!(request.expect_header("x-rkt-attempt"), "1");
        let signing = SigningSecret::parse(secret).unwrap();
        let signature = signing.legacy_signature(&request.body);
        assert_eq!(request.expect_header("x-rkt-signature"), signature);
        let mut body: Value = serde_json::from_slice(&request.body).unwrap();
        let is_of_account = event == "endpoint.disabled";
        let chatbot = if is_of_account {
            Value::Null
        } else {
            json!("bot_mine")
        };
        assert_eq!(body["chatbotId"], chatbot);
        assert_eq!(answer["wouldMatch"], event == "ticket.updated");
        body["chatbotId"] = sample(event)["chatbotId"].clone();
        body["timestamp"] = sample(event)["timestamp"].clone();
        assert_eq!(body, sample(event));
        assert_logged(&customer, id, &answer).await;
    }
    assert_eq!(receiver.count(), 3);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_usual_type_is_the_first_that_is_subscribed_to() {
    let system = System::start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    for (events, usual) in [
        (&["ticket.created", "lead.captured"][..], "ticket.created"),
        (&["endpoint.disabled", "message.sent"][..], "message.sent"),
        (&["endpoint.disabled"][..], "endpoint.disabled"),
        (&["*"][..], "lead.captured"),
    ] {
        let id = customer.create_endpoint(&receiver.url("/"), events).await.id;
        // Without a body at all.
        let request = customer.request(Method::POST, &path(&id));
        let answer = Caller::send(request).await.expect(200).body;
        assert_eq!(answer["event"], usual, "{events:?}");
    }
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_that_fails_strikes_nobody_and_changes_nothing() {
    let (system, receiver, endpoint) = System::builder()
        .env("DISABLE_AFTER", "1")
        .env("DELIVERY_TIMEOUT", "3s")
        .start_with_hook()
        .await;
    let customer = system.customer();
    let id = endpoint.id;
    let before = customer.endpoint(&id).await;
    for (answer, status, error, detail) in [
        (
            Answer::status(500).body("no such table"),
            json!(500),
            "http_status",
            "answered 500 Internal Server Error",
        ),
        (Answer::status(410), json!(410), "gone", "answered 410 Gone"),
        (
            Answer::redirect(302, "http://127.0.0.1:9/elsewhere"),
            json!(302),
            "redirect",
            "answered 302 Found to http://127.0.0.1:9/elsewhere; redirects are not followed",
        ),
        (Answer::hang(), Value::Null, "timeout", "no answer within 3s"),
    ] {
        receiver.then("/hook", [answer]);
        let answer = tested(&customer, &id, &json!({})).await;
        let attempt = &answer["attempt"];
        assert_eq!(answer["succeeded"], false, "{answer}");
        assert_eq!(
            (&attempt["httpStatus"], &attempt["error"], &attempt["detail"]),
            (&status, &json!(error), &json!(detail))
        );
        assert_eq!(attempt["outcome"], "exhausted", "there is no second attempt");
        assert_logged(&customer, &id, &answer).await;
    }
    // It is no strike, not the endpoint's last attempt, and no part of its health.
    assert_eq!(customer.endpoint(&id).await, before);
    let summary = customer.get("/api/webhooks-summary").await.expect(200).body;
    assert_eq!(summary["attention"], json!([]));
    let failed = summary["hours"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hour| hour["failedAttempts"].as_u64().unwrap());
    assert_eq!(failed.sum::<u64>(), 0);
    assert_nothing_left(&system.redis).await;
    assert_eq!(receiver.count(), 4, "none was repeated");
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_is_off_or_disabled_can_be_tested_before_it_is_switched_on() {
    let system = System::builder().env("RETRY_SCHEDULE", "").start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    receiver.then("/disabled", [Answer::status(410)]);
    let disabled = customer
        .create_endpoint(&receiver.url("/disabled"), &["lead.captured"])
        .await
        .id;
    let off = customer
        .create_endpoint(&receiver.url("/off"), &["ticket.created"])
        .await
        .id;
    customer.toggle(&off).await;
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    let is_disabled = |endpoint: &Value| endpoint["disabledReason"] == "gone";
    system
        .wait_for_endpoint(&disabled, "the endpoint to be disabled", is_disabled)
        .await;
    for id in [&disabled, &off] {
        let before = customer.endpoint(id).await;
        let answer = tested(&customer, id, &json!({})).await;
        assert_eq!(answer["succeeded"], true, "{answer}");
        assert_eq!(customer.endpoint(id).await, before, "it stays as it is");
    }
    let mut system = system;
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_ten_in_a_minute_whatever_the_endpoint() {
    let system = System::start().await;
    let receiver = Receiver::start().await;
    let (customer, other) = (system.customer(), system.customer_of("org_2other"));
    let one = customer.create_endpoint(&receiver.url("/one"), &["*"]).await.id;
    let two = customer.create_endpoint(&receiver.url("/two"), &["*"]).await.id;
    let theirs = other.create_endpoint(&receiver.url("/theirs"), &["*"]).await.id;
    for number in 0..10 {
        let id = if number % 2 == 0 { &one } else { &two };
        tested(&customer, id, &json!({})).await;
    }
    for id in [&one, &two] {
        let refused = test(&customer, id, &json!({})).await;
        assert_refused(&Method::POST, &path(id), &refused, 429, "too_many_tests", "");
        let wait: u64 = refused.headers["retry-after"].to_str().unwrap().parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(&format!("{wait} s")), "{detail}");
    }
    tested(&other, &theirs, &json!({})).await;
    assert_eq!(receiver.count(), 11);
    // Redis ends the minute: when the count has expired, the account may send more.
    let count = key(&format!("account:{}:trials", system.account()));
    let left: i64 = connect(&system.redis).pttl(&count).unwrap();
    assert!((1..=60_000).contains(&left), "{left}");
    let _: i64 = connect(&system.redis).del(&count).unwrap();
    tested(&customer, &one, &json!({})).await;
    system.finish().await;
}

/// Three accounts ask for as many as they may, at receivers that hang.
#[tokio::test(flavor = "multi_thread")]
async fn test_events_that_hang_leave_room_for_those_of_other_accounts() {
    const ACCOUNTS: usize = 3;
    const EACH: usize = 10;
    let system = System::builder().env("DELIVERY_TIMEOUT", "2m").start().await;
    let receiver = Receiver::start().await;
    receiver.always("/hang", Answer::hang());
    let mut asking = JoinSet::new();
    for number in 0..ACCOUNTS {
        let customer = system.customer_of(&format!("org_2hangs{number}"));
        let id = customer.create_endpoint(&receiver.url("/hang"), &["*"]).await.id;
        for _ in 0..EACH {
            let (customer, id) = (customer.clone(), id.clone());
            asking.spawn(async move { test(&customer, &id, &json!({})).await });
        }
    }
    // Each account holds as many of 32 places as are free: 8, or 10, 10 and 6 if they come one after another.
    receiver.wait_for_at("/hang", 24).await;
    let customer = system.customer();
    let id = customer.create_endpoint(&receiver.url("/well"), &["*"]).await.id;
    for _ in 0..3 {
        let answer = tested(&customer, &id, &json!({})).await;
        assert_eq!(answer["succeeded"], true, "{answer}");
    }
    // Who asked for more is told so, and that it isn't the receiver's fault.
    for _ in 0..4 {
        let refused = asking.join_next().await.unwrap().unwrap().expect(200).body;
        let attempt = &refused["attempt"];
        assert_eq!(attempt["error"], "not_attempted", "{refused}");
        assert!(
            attempt["detail"].as_str().unwrap().contains("of this account"),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_worker_the_answer_says_so_and_the_event_is_not_sent_later() {
    let (mut system, receiver, endpoint) = System::builder().workers(0).start_with_hook().await;
    let customer = system.customer();
    let id = endpoint.id;
    let refused = test(&customer, &id, &json!({})).await;
    assert_refused(&Method::POST, &path(&id), &refused, 503, "no_worker", "");
    assert!(refused.headers.contains_key("retry-after"));
    system.add_worker();
    system.wait_ready().await;
    let answer = tested(&customer, &id, &json!({"event": "ticket.created"})).await;
    assert_eq!(answer["succeeded"], true);
    let events: Vec<_> = receiver
        .received()
        .iter()
        .map(|request| request.expect_header("x-rkt-event").to_owned())
        .collect();
    assert_eq!(events, ["ticket.created"]);
    system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_dies_with_a_test_event_leaves_nobody_waiting() {
    let (mut system, receiver, endpoint) = System::builder()
        .env("DELIVERY_TIMEOUT", "1s")
        .start_with_hook()
        .await;
    receiver.then("/hook", [Answer::hang()]);
    let customer = system.customer();
    let id = endpoint.id;
    let asked = {
        let (customer, id) = (customer.clone(), id.clone());
        tokio::spawn(async move { test(&customer, &id, &json!({})).await })
    };
    receiver.wait_for(1).await;
    system.workers[0].kill9();
    let refused = asked.await.unwrap();
    assert_refused(&Method::POST, &path(&id), &refused, 503, "no_worker", "");
    system.workers[0].restart();
    system.wait_ready().await;
    tested(&customer, &id, &json!({})).await;
    assert_eq!(receiver.count(), 2, "the lost one is not repeated");
    system.finish().await;
}

#[tokio::test]
async fn what_is_wrong_asks_for_no_test() {
    let (mut system, customer, id) = api_with_endpoint().await;
    let before = everything(&system);
    for (body, status, code, field) in [
        (json!({"event": "lead.lost"}), 422, "unknown_event", "event"),
        (json!({"event": "*"}), 422, "unknown_event", "event"),
        (json!({"event": "endpoint.lost"}), 422, "unknown_event", "event"),
        (json!({"event": null}), 422, "invalid_type", "event"),
        (json!({"event": ["lead.captured"]}), 422, "invalid_type", "event"),
        (json!({"data": {}}), 422, "unknown_field", "data"),
        (json!("lead.captured"), 422, "invalid_type", ""),
        (json!({"event": "x".repeat(20_000)}), 413, "body_too_large", ""),
    ] {
        refuses(
            &customer,
            Method::POST,
            &path(&id),
            body.to_string(),
            (status, code, field),
        )
        .await;
    }
    let stranger = system.customer_of("org_2other");
    for (caller, id) in [
        (&stranger, id.as_str()),
        (&customer, "ep_0000000000000000"),
        (&customer, "*"),
    ] {
        for kind in [EventType::LEAD_CAPTURED.as_str(), "ticket.created"] {
            let body = json!({"event": kind}).to_string();
            refuses(
                caller,
                Method::POST,
                &path(id),
                body,
                (404, "endpoint_not_found", ""),
            )
            .await;
        }
    }
    let reply = system.backend().post(&path(&id), &json!({})).await;
    assert_refused(&Method::POST, &path(&id), &reply, 403, "wrong_token_kind", "");
    assert_eq!(everything(&system), before);
    system.stop();
}
