//! Runs the operator's tool.
//!
//! Proves (guarantees): what the check finds is repaired only where that is no guess

use e2e::client::Caller;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::system::System;
use serde_json::json;

fn run(arguments: &[&str]) -> (bool, String) {
    let output = Process::run("webhooksctl", arguments, &[]);
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

/// The API accepts the keys that it makes.
#[tokio::test(flavor = "multi_thread")]
async fn new_keys_work() {
    let (good, secrets_key) = run(&["secrets-key"]);
    assert!(good);
    let (good, text) = run(&["service-key", "backend-2"]);
    assert!(good);
    let last_word = |line: &str| line.split_whitespace().last().unwrap().to_owned();
    let [key, entry] = [0, 1].map(|number| last_word(text.lines().nth(number).unwrap()));
    let mut system = System::builder()
        .workers(0)
        .env("SECRETS_KEY", secrets_key.trim())
        .env("SERVICE_KEYS", entry)
        .start()
        .await;
    let pushed = Caller::new(&system.api_url(), Some(&key))
        .push(system.account(), "session.created", json!({}))
        .await;
    assert_eq!(pushed.deliveries, 0);
    system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_health_check_distinguishes_200_from_the_rest() {
    let receiver = Receiver::start().await;
    receiver.always("/sick", Answer::status(503));
    let (good, _) = run(&["healthcheck", &receiver.url("/well")]);
    assert!(good);
    let (good, text) = run(&["healthcheck", &receiver.url("/sick")]);
    assert!(!good && text.contains("503"), "{text}");
}

/// It says what it looked at, and its exit code distinguishes good from bad.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_finds_what_does_not_agree() {
    let (mut system, _receiver, _) = System::builder().workers(0).start_with_hook().await;
    system
        .backend()
        .push(system.account(), "session.created", json!({}))
        .await;
    let check = ["check", "--redis-url", &system.redis.url()];
    let (good, text) = run(&check);
    assert!(good, "{text}");
    assert!(
        text.contains("1 endpoints, 1 events and 1 unfinished deliveries"),
        "{text}"
    );
    assert!(text.contains("no violation"), "{text}");

    system.redis.raw("SET wh:{0}:something else").unwrap();
    let (good, text) = run(&check);
    assert!(!good, "{text}");
    assert!(text.contains("something: is a key that nothing knows"), "{text}");
    let (good, text) = run(&["check", "--redis-url", "redis://127.0.0.1:1"]);
    assert!(!good && text.contains("Redis is not available"), "{text}");
    system.stop();
}

/// It mends what it can, with the rights to, and says why about the rest.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_repairs_what_is_no_guess() {
    let server = RedisServer::start_guarded();
    let (mut system, _receiver, endpoint) = System::builder()
        .on_guarded(server)
        .workers(0)
        .start_with_hook()
        .await;
    system
        .backend()
        .push(system.account(), "session.created", json!({}))
        .await;
    let bytes = format!("wh:{{0}}:account:{}:bytes", system.account());
    system.redis.raw(&format!("INCRBY {bytes} 5")).unwrap();
    system.redis.raw("DEL wh:{0}:ready").unwrap();
    system.redis.raw("SET wh:{0}:something else").unwrap();
    let check = |user: &str, more: &[&str]| {
        let environment = [("REDIS_URL".to_owned(), system.redis.url_as(user))];
        let arguments = [&["check", "--repair"], more].concat();
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", &arguments, &environment));
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.success(), said.concat())
    };
    let (good, said) = check("operator", &[]);
    assert!(
        !good && said.contains("takes the rights of `operator-write`"),
        "{said}"
    );
    let (good, said) = check("operator", &["--dry-run"]);
    assert!(
        !good && said.contains("2 would be repaired, 1 not repaired; 3 violations are left"),
        "{said}"
    );
    assert!(said.contains("would be repaired: it is the sum over"), "{said}");

    let (good, said) = check("operator-write", &["--by", "bob", "--why", "the pager rang"]);
    assert!(
        !good && said.contains("2 repaired, 1 not repaired; 1 violation is left"),
        "{said}"
    );
    assert!(
        said.contains("something: not repaired: something else wrote it"),
        "{said}"
    );
    assert!(
        said.contains(&format!("endpoint:{}: repaired: it has its turn", endpoint.id)),
        "{said}"
    );
    system.redis.raw("DEL wh:{0}:something").unwrap();
    let (good, said) = check("operator-write", &[]);
    assert!(
        good && said.contains("0 repaired, 0 not repaired; no violation is left"),
        "{said}"
    );

    let environment = [("REDIS_URL".to_owned(), system.redis.url_as("operator"))];
    let audit =
        tokio::task::block_in_place(|| Process::run("webhooksctl", &["audit", "--json"], &environment));
    let noted: serde_json::Value = serde_json::from_slice(&audit.stdout).unwrap();
    let noted: Vec<_> = noted["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|note| format!("{} {} {}", note["action"], note["target"], note["result"]).replace('"', ""))
        .collect();
    let expected = [
        "check --repair the store 2 repaired, 1 not repaired".to_owned(),
        format!("repair {} it has its turn", endpoint.id),
        format!("repair {} bytes: ", system.account()),
        "check --repair the store begins".to_owned(),
    ];
    assert_eq!(noted.len(), expected.len(), "{noted:#?}");
    for (note, expected) in noted.iter().zip(&expected) {
        assert!(note.starts_with(expected), "{note}: {noted:#?}");
    }
    system.stop();
}

/// After a trouble that was not the receivers', the operator switches on what it disabled, and everything arrives.
#[tokio::test(flavor = "multi_thread")]
async fn the_operator_switches_on_what_failures_disabled() {
    let (system, receiver, endpoint) = System::builder()
        .env("DISABLE_AFTER", "1")
        .start_with_hook()
        .await;
    let customer = system.customer();
    let off = customer.create_endpoint(&receiver.url("/off"), &["*"]).await;
    customer.toggle(&off.id).await;
    receiver.then("/hook", [Answer::status(500)]);
    let push = async || {
        system
            .backend()
            .push(system.account(), "session.created", json!({}))
            .await
    };
    push().await;
    let disabled = system
        .wait_for_endpoint(&endpoint.id, "the endpoint to be disabled", |seen| {
            seen["active"] == false
        })
        .await;
    push().await;
    let url = system.redis.url();
    let enable = |since: &str, more: &[&str]| {
        let arguments = [
            "endpoints",
            "enable",
            "--redis-url",
            &url,
            "--disabled-since",
            since,
        ];
        run(&[&arguments[..], more].concat())
    };
    let since = disabled["disabledAt"].as_str().unwrap();
    let (good, text) = enable(since, &["--dry-run"]);
    assert!(
        good && text.contains("2 endpoints: 1 would be switched on"),
        "{text}"
    );
    assert!(text.contains(&endpoint.id) && !text.contains(&off.id), "{text}");
    let (good, text) = enable("2100-01-01T00:00:00Z", &[]);
    assert!(good && text.contains("0 were switched on"), "{text}");
    assert_eq!(customer.endpoint(&endpoint.id).await["active"], false);

    let (good, text) = enable(since, &[]);
    assert!(good && text.contains("1 were switched on"), "{text}");
    assert!(
        text.contains(&endpoint.id) && text.contains(system.account()),
        "{text}"
    );
    receiver.wait_for_at("/hook", 3).await;
    assert_eq!(customer.endpoint(&endpoint.id).await["active"], true);
    assert_eq!(
        customer.endpoint(&off.id).await["active"],
        false,
        "its owner did that"
    );
    let (good, text) = enable("yesterday", &[]);
    assert!(!good && text.contains("RFC 3339"), "{text}");
    system.finish().await;
}
