//! Headers of an endpoint's own on the whole system: every attempt carries them, nothing that is kept shows them, and their seals follow
//! `SECRETS_KEY`.
//!
//! Proves (security): Values of an endpoint's own headers are never shown
//! Proves (security): Another origin of a URL ends the headers that were given for the one before
//! Proves (guarantees): every attempt carries the headers that its endpoint has at that time

use std::collections::HashMap;

use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::state::{connect, key};
use e2e::system::{System, secrets_key};
use redis::Commands as _;
use serde_json::json;

const ENDPOINTS: &str = "/api/webhooks-config";
const TOKEN: &str = "tok-0123456789abcdef";

/// A receiver that shows all that it got, wherever it can.
fn echo(status: u16) -> impl Fn(&e2e::receiver::Received) -> Answer + Send + Sync + 'static {
    move |request| {
        let bearer = request.header("authorization").unwrap_or("none").to_owned();
        let text = format!(
            "you are {bearer}: {}",
            json!({"headers": {"x-key": request.header("x-key")}})
        );
        Answer::status(status)
            .header("x-echo", &bearer)
            .header("location", &format!("/login/{TOKEN}?token={TOKEN}"))
            .body(text)
    }
}

async fn endpoint_with_headers(system: &System, receiver: &Receiver) -> String {
    let wanted = json!({
        "url": receiver.url("/hook"), "events": ["*"],
        "headers": {"Authorization": format!("Bearer {TOKEN}"), "X-Key": "a/b\"c"},
    });
    let made = system.customer().post(ENDPOINTS, &wanted).await.expect(201);
    made.body["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_attempt_carries_them_and_nothing_that_is_kept_shows_them() {
    let mut system = System::builder()
        .worker_env("RETRY_SCHEDULE", "50ms")
        .start()
        .await;
    let receiver = Receiver::start().await;
    receiver.always_with("/hook", echo(302));
    let id = endpoint_with_headers(&system, &receiver).await;
    let (customer, path) = (system.customer(), format!("{ENDPOINTS}/{id}"));
    system
        .backend()
        .push(system.account(), "lead.captured", json!({}))
        .await;
    receiver.wait_for_at("/hook", 2).await;
    system
        .wait_for_endpoint(&id, "both attempts to be reported", |endpoint| {
            endpoint["consecutiveFailures"] == 2
        })
        .await;
    let tested = customer
        .post(&format!("{path}/test"), &json!({}))
        .await
        .expect(200);
    assert!(
        tested.body["attempt"]["responseSnippet"]
            .as_str()
            .is_some_and(|text| text.contains("you are …")),
        "{}",
        tested.text
    );

    let listed = customer.get(&format!("{path}/deliveries")).await.expect(200);
    let exhausted = listed.body["deliveries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|delivery| delivery["test"] != true)
        .unwrap();
    let delivery = exhausted["id"].as_str().unwrap();
    let detail = customer
        .get(&format!("{path}/deliveries/{delivery}"))
        .await
        .expect(200);
    receiver.always_with("/hook", echo(200));
    let replayed = customer
        .post(&format!("{path}/deliveries/{delivery}/replay"), &json!({}))
        .await;
    assert_eq!(replayed.status, 202);
    for request in receiver.wait_for_at("/hook", 4).await {
        assert_eq!(request.expect_header("authorization"), format!("Bearer {TOKEN}"));
        assert_eq!(request.expect_header("x-key"), "a/b\"c");
        assert_eq!(
            request
                .headers
                .iter()
                .filter(|(name, _)| name == "authorization")
                .count(),
            1
        );
    }
    let health = customer.get(&path).await.expect(200);
    for reply in [&tested, &listed, &detail, &health] {
        for secret in [TOKEN, "a/b\\\"c", "a/b\\\\\\\"c"] {
            assert!(!reply.text.contains(secret), "{secret}: {}", reply.text);
        }
    }
    let connection = &mut connect(&system.redis);
    let keys: Vec<String> = connection.keys("*").unwrap();
    for key in keys {
        let content: Vec<u8> = redis::cmd("DUMP").arg(&key).query(connection).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains(TOKEN), "{key}");
    }
    let logs = system.workers.iter().map(Process::log).chain([system.api.log()]);
    logs.for_each(|log| assert!(!log.contains(TOKEN)));
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_gets_the_next_url_gets_none_of_them() {
    let mut system = System::start().await;
    let (receiver, other) = (Receiver::start().await, Receiver::start().await);
    let id = endpoint_with_headers(&system, &receiver).await;
    let (customer, path) = (system.customer(), format!("{ENDPOINTS}/{id}"));
    let push = async || {
        system
            .backend()
            .push(system.account(), "lead.captured", json!({}))
            .await
    };
    push().await;
    receiver.wait_for_at("/hook", 1).await;

    // Somebody writes another URL into Redis: nothing is sent there.
    let write = |url: &str| {
        let _: () = connect(&system.redis)
            .hset(key(&format!("endpoint:{id}")), "url", url)
            .unwrap();
    };
    write(&other.url("/hook"));
    push().await;
    e2e::wait::eventually(e2e::wait::LONG, "the worker to complain", async || {
        let log = system.workers[0].log();
        e2e::wait::check(log.contains("doesn't open"), log)
    })
    .await;
    assert_eq!(other.count(), 0);
    write(&receiver.url("/hook"));

    // The owner gives another URL.
    let changed = customer
        .patch(&path, &json!({"url": other.url("/new")}))
        .await
        .expect(200);
    assert_eq!(changed.body["headers"], json!([]));
    push().await;
    for request in other.wait_for_at("/new", 1).await {
        assert_eq!(
            (request.header("authorization"), request.header("x-key")),
            (None, None)
        );
    }
    let changed = customer.patch(&path, &json!({"headers": {"X-Key": "2"}})).await;
    assert_eq!(changed.status, 200);
    push().await;
    let requests = other
        .wait_until(
            e2e::wait::LONG,
            "a request with the new header".to_owned(),
            |requests| {
                requests
                    .iter()
                    .any(|request| request.header("x-key") == Some("2"))
            },
        )
        .await;
    assert!(
        requests
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_sealed_anew_with_the_secrets() {
    let mut system = System::start().await;
    let receiver = Receiver::start().await;
    let id = endpoint_with_headers(&system, &receiver).await;
    let record = |system: &System| -> HashMap<String, String> {
        connect(&system.redis)
            .hgetall(key(&format!("endpoint:{id}")))
            .unwrap()
    };
    let before = record(&system);
    let both = format!("{},{}", secrets_key(8), secrets_key(7));
    let rewrap = |system: &System, keys: &str| {
        let environment = [
            ("REDIS_URL".to_owned(), system.redis.url()),
            ("SECRETS_KEY".to_owned(), keys.to_owned()),
        ];
        let output =
            tokio::task::block_in_place(|| Process::run("webhooksctl", &["secrets", "rewrap"], &environment));
        String::from_utf8([output.stdout, output.stderr].concat()).unwrap()
    };
    let printed = rewrap(&system, &secrets_key(8));
    assert!(printed.contains("3 secrets don't open"), "{printed}");
    assert_eq!(record(&system), before);
    let printed = rewrap(&system, &both);
    assert!(
        printed.contains("looked at 1 endpoints: 3 secrets sealed anew"),
        "{printed}"
    );
    let after = record(&system);
    for (name, value) in &before {
        assert_eq!(
            after[name] == *value,
            !["secret", "headers"].contains(&name.as_str()),
            "{name}"
        );
    }
    let printed = rewrap(&system, &secrets_key(8));
    assert!(
        printed.contains(": 0 secrets sealed anew") && printed.contains("3 under key"),
        "{printed}"
    );
    system.stop();
}
