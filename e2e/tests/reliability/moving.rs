//! An account moves to another shard, and others are served as ever.
//!
//! Proves (guarantees): an account moves to another shard

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::id::AccountId;
use e2e::client::Caller;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::thorough::times;
use e2e::wait::{LONG, check, eventually};
use reqwest::Method;
use serde_json::json;
use store::shards::Shards;

/// Runs the operator's tool, with the rights of a worker; what it said.
fn operate(system: &System, arguments: &[&str]) -> String {
    let environment = [("REDIS_URL".to_owned(), system.redis.url_as("worker"))];
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment));
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{arguments:?}: {said}");
    said
}

async fn shards(system: &System) -> Shards {
    let mut args = system.redis.args();
    args.shards = None;
    Shards::find(&args).await.unwrap()
}

async fn place(system: &System, organisation: &str) -> usize {
    let account: AccountId = format!("org:{organisation}").parse().unwrap();
    shards(system).await.number_of(&account)
}

/// What came of an organisation's pushes: how many events were accepted, and which other answers came, how often.
#[derive(Debug, Default)]
struct Pushed {
    accepted: BTreeSet<u64>,
    refusals: BTreeMap<String, usize>,
}

/// Pushes an organisation's events, one after the other, until it is stopped. One that is refused is sent again.
async fn pushes(backend: Caller, organisation: String, stop: Arc<AtomicBool>) -> Pushed {
    let mut pushed = Pushed::default();
    let mut number = 0;
    let mut refused_since: Option<Instant> = None;
    while !stop.load(Ordering::Relaxed) || refused_since.is_some() {
        let event = json!({
            "accountId": format!("org:{organisation}"), "event": "lead.captured", "chatbotId": "bot_1", "data": {"number": number},
        });
        let request = backend.request(Method::POST, "/api/events");
        let key = format!("{organisation}-{number}");
        let reply = Caller::try_send(request.header("Idempotency-Key", key).json(&event))
            .await
            .unwrap();
        if reply.status == 202 {
            pushed.accepted.insert(number);
            (number, refused_since) = (number + 1, None);
            continue;
        }
        let code = reply.body["code"].as_str().unwrap_or_default();
        assert!(reply.headers.contains_key("retry-after"), "{}", reply.text);
        *pushed
            .refusals
            .entry(format!("{} {code}", reply.status))
            .or_default() += 1;
        let since = refused_since.get_or_insert_with(Instant::now);
        assert!(since.elapsed() < LONG, "refused for long: {}", reply.text);
        tokio::time::sleep(Duration::from_millis(20)).await; // a backend that comes again sooner than it was asked to
    }
    pushed
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_moves_under_load() {
    let server = RedisServer::start_guarded();
    let system = System::builder()
        .on_guarded(server)
        .env("SHARDS", "3")
        .start()
        .await;
    let receiver = Receiver::start().await;
    // Two in the first shard, of which one moves, and one in the second.
    let mut found: [Vec<String>; 2] = [vec![], vec![]];
    for number in 0..100 {
        let organisation = format!("org_{number}");
        if let Some(of_shard) = found.get_mut(place(&system, &organisation).await) {
            of_shard.push(organisation);
        }
    }
    let (mover, neighbours) = (&found[0][0], [&found[0][1], &found[1][0]]);
    let all = [mover, neighbours[0], neighbours[1]];
    for organisation in all {
        let customer = system.customer_of(organisation);
        customer
            .create_endpoint(&receiver.url(&format!("/{organisation}")), &["*"])
            .await;
    }
    let stop = Arc::new(AtomicBool::new(false));
    let load: Vec<_> = all
        .iter()
        .map(|organisation| {
            tokio::spawn(pushes(
                system.backend(),
                (*organisation).clone(),
                Arc::clone(&stop),
            ))
        })
        .collect();
    for organisation in all {
        receiver.wait_for_at(&format!("/{organisation}"), 5).await;
    }

    let account = format!("org:{mover}");
    assert!(
        operate(&system, &["account", "move", &account, "1", "--dry-run"])
            .contains("would move from shard 0")
    );
    for to in std::iter::repeat_n(["1", "2", "0"], times(1, 7)).flatten() {
        let before = receiver.received_at(&format!("/{mover}")).len();
        let said = operate(&system, &["account", "move", &account, to, "--keep-old-for", "3"]);
        assert!(said.contains(&format!("is in shard {to}")), "{said}");
        assert_eq!(place(&system, mover).await.to_string(), to);
        // It goes on there.
        receiver.wait_for_at(&format!("/{mover}"), before + 5).await;
        let customer = system.customer_of(mover);
        eventually(LONG, "its owner to see it", async || {
            let reply = customer.get("/api/webhooks-config").await;
            check(
                reply.status == 200 && reply.body["endpoints"][0]["state"] == "active",
                reply.text,
            )
        })
        .await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut accepted = BTreeMap::new();
    for (organisation, load) in all.into_iter().zip(load) {
        let pushed = load.await.unwrap();
        let refusals: Vec<_> = pushed.refusals.keys().map(String::as_str).collect();
        let expected: &[&str] = if organisation == mover {
            &["503 account_moving"]
        } else {
            &[]
        };
        assert_eq!(refusals, expected, "{organisation}");
        accepted.insert(organisation.clone(), pushed.accepted);
    }
    for (organisation, numbers) in accepted {
        let requests = receiver
            .wait_for_at(&format!("/{organisation}"), numbers.len())
            .await;
        let mut posted: Vec<u64> = requests
            .iter()
            .map(|request| request.json()["data"]["number"].as_u64().unwrap())
            .collect();
        posted.sort_unstable();
        assert_eq!(posted, numbers.into_iter().collect::<Vec<_>>(), "{organisation}");
    }
    for store in shards(&system).await.all() {
        let report = store.check().await.unwrap();
        assert_eq!(report.violations, [], "{:?}", store.shard());
    }
    // Redis refused nothing: the rights suffice.
    let refusals: Vec<redis::Value> = redis::cmd("ACL")
        .arg("LOG")
        .query(&mut e2e::state::connect(&system.redis))
        .unwrap();
    assert!(refusals.is_empty(), "{refusals:?}");
    system.finish().await;
}
