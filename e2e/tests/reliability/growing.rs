//! A store that gets more shards while it serves.
//!
//! Proves (guarantees): a store gets more shards while it serves

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use domain::id::AccountId;
use e2e::client::Caller;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::state::connect;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use reqwest::Method;
use serde_json::{Value, json};
use store::shards::Shards;
use tokio::sync::Mutex;

const BEFORE: usize = 6;

/// Where a backend pushes: any of these.
type Doors = Arc<Mutex<Vec<Caller>>>;

/// Runs the operator's tool; whether it succeeded, and what it said.
fn operate(system: &System, arguments: &[&str]) -> (bool, String) {
    let environment = [("REDIS_URL".to_owned(), system.redis.url())];
    let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment));
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

/// Pushes an event until an API accepts it.
async fn accepted(doors: &Doors, event: &Value, key: &str) {
    let (began, mut refusal) = (Instant::now(), String::new());
    while began.elapsed() < LONG {
        let each = doors.lock().await.clone();
        for door in each {
            let request = door.request(Method::POST, "/api/events");
            let request = request.header("Idempotency-Key", key).json(event);
            match Caller::try_send(request).await {
                Ok(reply) if reply.status == 202 => return,
                Ok(reply) => refusal = reply.text,
                Err(error) => refusal = error.to_string(),
            }
        }
        // As a backend that was told to come again.
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no API accepts an event: {refusal}");
}

/// Pushes events of all organisations until it is stopped, each until it is accepted; returns the numbers of each organisation's.
async fn pushes(doors: Doors, stop: Arc<AtomicBool>) -> BTreeMap<String, BTreeSet<u64>> {
    let mut pushed: BTreeMap<String, BTreeSet<u64>> = BTreeMap::new();
    for number in 0_u64.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        for organisation in (0..BEFORE).map(|number| format!("org_{number}")) {
            let event = json!({
                "accountId": format!("org:{organisation}"), "event": "lead.captured", "chatbotId": "bot_1",
                "data": {"number": number},
            });
            accepted(&doors, &event, &format!("{organisation}-{number}")).await;
            pushed.entry(organisation).or_default().insert(number);
        }
    }
    pushed
}

fn named(organisation: &str) -> u16 {
    let account: AccountId = format!("org:{organisation}").parse().unwrap();
    Shards::named(&account, 4)
}

/// One shard becomes four, under load, with each program started again once: nothing is lost or doubled, who was there stays, and who
/// comes begins where his id says.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_gets_more_shards_while_it_serves() {
    let mut system = System::start().await;
    let receiver = Receiver::start().await;
    for number in 0..BEFORE {
        let organisation = format!("org_{number}");
        let customer = system.customer_of(&organisation);
        let url = receiver.url(&format!("/{organisation}"));
        customer.create_endpoint(&url, &["*"]).await;
    }
    let doors: Doors = Arc::new(Mutex::new(vec![system.backend()]));
    let stop = Arc::new(AtomicBool::new(false));
    let load = tokio::spawn(pushes(Arc::clone(&doors), Arc::clone(&stop)));
    receiver.wait_for_at("/org_0", 3).await;

    let (is_done, said) = operate(&system, &["shards", "grow", "4"]);
    assert!(!is_done && said.contains("not finished"), "{said}");
    for program in ["webhooks-api/", "webhooks-worker/"] {
        assert!(said.contains(program), "{said}");
    }
    let anybody = Caller::new(&system.api_url(), None);
    eventually(LONG, "/readyz to tell", async || {
        let page = anybody.get("/readyz").await.expect(200);
        check(page.text.contains("is being given 4 shards"), page.text)
    })
    .await;

    // Each program is replaced by one that is started now.
    let mut api = system.another_api().await;
    let base = format!("http://{}", api.variable("API_LISTEN").unwrap());
    doors.lock().await.insert(0, system.backend().at(&base));
    *doors.lock().await = vec![system.backend().at(&base)];
    assert!(system.api.terminate().success());
    std::mem::swap(&mut system.api, &mut api);
    system.add_worker();
    system.wait_ready().await;
    let mut old = system.workers.remove(0);
    assert!(old.terminate().success());

    eventually(LONG, "all programs to have all shards", async || {
        let (is_done, said) = operate(&system, &["shards", "grow", "4"]);
        check(is_done, said)
    })
    .await;
    // It goes on, and accounts begin in all shards.
    let mut newcomers = BTreeSet::new();
    for number in BEFORE..BEFORE + 16 {
        let organisation = format!("org_{number}");
        let customer = system.customer_of(&organisation);
        let body = json!({"url": receiver.url(&format!("/{organisation}")), "events": ["*"]});
        eventually(LONG, "the API to go by the new number", async || {
            let reply = customer.post("/api/webhooks-config", &body).await;
            check(reply.status == 201, reply.text)
        })
        .await;
        let account = format!("org:{organisation}");
        system
            .backend()
            .push(&account, "lead.captured", json!({"number": 0}))
            .await;
        receiver.wait_for_at(&format!("/{organisation}"), 1).await;
        newcomers.insert(named(&organisation));
        let key = format!("wh:{{{}}}:account:{account}:endpoints", named(&organisation));
        let length: u64 = connect(&system.redis).hlen(&key).unwrap();
        assert_eq!(length, 1, "{key}");
    }
    assert_eq!(newcomers, (0..4).collect());
    stop.store(true, Ordering::Relaxed);
    let pushed = load.await.unwrap();
    for (organisation, numbers) in &pushed {
        let path = format!("/{organisation}");
        let requests = receiver.wait_for_at(&path, numbers.len()).await;
        let seen: Vec<_> = requests
            .iter()
            .map(|request| request.json()["data"]["number"].as_u64().unwrap())
            .collect();
        assert_eq!(seen.iter().copied().collect::<BTreeSet<_>>(), *numbers);
        assert_eq!(seen.len(), numbers.len(), "nothing was sent twice");
        let key = format!("wh:{{0}}:account:org:{organisation}:endpoints");
        let length: u64 = connect(&system.redis).hlen(&key).unwrap();
        assert_eq!(length, 1, "{organisation} stays");
    }
    let (is_sound, said) = operate(&system, &["check"]);
    assert!(is_sound, "{said}");
    system.finish().await;
}
