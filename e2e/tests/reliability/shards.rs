//! Accounts that are cut into shards, on one server.
//!
//! Proves (guarantees): the accounts are cut into shards

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::id::AccountId;
use e2e::client::Caller;
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::state::{connect, keys};
use e2e::system::{MANAGE_KEY, System};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::{Value, json};
use store::shards::Shards;

const SHARDS: u16 = 4;

async fn system() -> System {
    System::builder().env("SHARDS", "4").start().await
}

async fn shards(redis: &RedisServer) -> Shards {
    let mut args = redis.args();
    args.shards = None;
    Shards::find(&args).await.unwrap()
}

/// An organisation in each shard.
async fn one_of_each(system: &System) -> Vec<String> {
    let shards = shards(&system.redis).await;
    assert_eq!(shards.all().len(), usize::from(SHARDS));
    let mut found = BTreeMap::new();
    for number in 0..100 {
        let organisation = format!("org_{number}");
        let account: AccountId = format!("org:{organisation}").parse().unwrap();
        found.entry(shards.number_of(&account)).or_insert(organisation);
    }
    found.into_values().collect()
}

fn event(organisation: &str, number: usize) -> Value {
    json!({
        "accountId": format!("org:{organisation}"), "event": "lead.captured", "chatbotId": "bot_1", "data": {"number": number},
        "idempotencyKey": format!("{organisation}-{number}"),
    })
}

async fn checked(system: &System) {
    for store in shards(&system.redis).await.all() {
        let report = store.check().await.unwrap();
        assert_eq!(report.violations, [], "{:?}", store.shard());
    }
}

/// A batch with events of all shards is answered in order, each account has its own, and whatever looks at an account finds it.
#[tokio::test(flavor = "multi_thread")]
async fn each_account_is_served_by_its_shard() {
    let system = system().await;
    let receiver = Receiver::start().await;
    let organisations = one_of_each(&system).await;
    let mut endpoints = vec![];
    for organisation in &organisations {
        let url = receiver.url(&format!("/{organisation}"));
        let customer = system.customer_of(organisation);
        endpoints.push(customer.create_endpoint(&url, &["*"]).await.id);
    }
    // Each shard has the endpoint of its own account.
    let held: BTreeSet<String> = keys(&mut connect(&system.redis), "account:*:endpoints")
        .into_iter()
        .map(|key| key[..7].to_owned())
        .collect();
    assert_eq!(
        held,
        ["wh:{0}:", "wh:{1}:", "wh:{2}:", "wh:{3}:"]
            .map(str::to_owned)
            .into()
    );

    let events: Vec<_> = (0..5)
        .flat_map(|number| {
            organisations
                .iter()
                .map(move |organisation| event(organisation, number))
        })
        .collect();
    let backend = system.backend();
    let pushed = backend.push_batch(&events).await;
    let again = backend.push_batch(&events).await;
    for (first, second) in pushed.iter().zip(&again) {
        assert_eq!((&first.id, first.deliveries), (&second.id, 1));
    }
    for (organisation, endpoint) in organisations.iter().zip(&endpoints) {
        let requests = receiver.wait_for_at(&format!("/{organisation}"), 5).await;
        let numbers: BTreeSet<_> = requests
            .iter()
            .map(|request| request.json()["data"]["number"].as_u64().unwrap())
            .collect();
        assert_eq!(numbers, (0..5).collect(), "{organisation}");
        reads(&system, organisation, endpoint).await;
    }
    // The results of the batch are in the order of its events.
    for (event, pushed) in events.iter().zip(&pushed) {
        let organisation = event["accountId"].as_str().unwrap().trim_start_matches("org:");
        let traced = system
            .customer_of(organisation)
            .get(&format!("/api/events/{}", pushed.id))
            .await;
        assert_eq!(traced.expect(200).body["deliveries"][0]["status"], "succeeded");
    }
    checked(&system).await;
    operated(&system, &organisations, &endpoints);
    system.finish().await;
}

/// The operator's tool works on all shards.
fn operated(system: &System, organisations: &[String], endpoints: &[String]) {
    let environment = [("REDIS_URL".to_owned(), system.redis.url())];
    let run = |arguments: &[&str]| {
        let output = tokio::task::block_in_place(|| Process::run("webhooksctl", arguments, &environment));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let complained = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}{complained}");
        said
    };
    let checked = run(&["check"]);
    for number in 0..SHARDS {
        assert!(
            checked.contains(&format!("shard {number}: looked at 1 endpoints")),
            "{checked}"
        );
    }
    assert!(run(&["store", "show"]).contains("STORE_ID="));
    let shards: Value = serde_json::from_str(&run(&["shards", "--json"])).unwrap();
    for (number, shard) in shards["shards"].as_array().unwrap().iter().enumerate() {
        assert_eq!(
            (&shard["shard"], &shard["accounts"]),
            (&json!(number), &json!(1)),
            "{shards}"
        );
    }
    assert_eq!(run(&["shards"]).lines().count(), 1 + usize::from(SHARDS));
    let status: Value = serde_json::from_str(&run(&["status", "--json"])).unwrap();
    assert_eq!(status["servers"].as_array().unwrap().len(), 1, "{status}");
    let accounts: Value = serde_json::from_str(&run(&["accounts", "--json"])).unwrap();
    for (organisation, endpoint) in organisations.iter().zip(endpoints) {
        assert!(
            accounts.to_string().contains(&format!("org:{organisation}")),
            "{accounts}"
        );
        assert!(run(&["show", endpoint]).contains(endpoint));
        assert!(run(&["pause", endpoint, "--reason", "a test"]).contains("is paused"));
        assert!(run(&["resume", endpoint]).contains("not held"));
        assert!(run(&["history", "log", endpoint]).contains("lead.captured"));
    }
}

/// What an account sees of itself, and does: log, counts, a test event, a key, a portal session.
async fn reads(system: &System, organisation: &str, endpoint: &str) {
    let customer = system.customer_of(organisation);
    let path = format!("/api/webhooks-config/{endpoint}");
    eventually(LONG, "all to be in the log", async || {
        let log = customer.get(&format!("{path}/deliveries")).await.expect(200);
        let entries = log.body["deliveries"].as_array().unwrap().len();
        check(entries == 5, log.text)
    })
    .await;
    let tested = customer
        .post(&format!("{path}/test"), &json!({}))
        .await
        .expect(200);
    assert_eq!(tested.body["succeeded"], true, "{}", tested.text);
    let key = customer.create_api_key(&["endpoints:read"]).await;
    assert!(system.caller(&key).endpoint(endpoint).await["active"] == true);
    let manager = system.caller(MANAGE_KEY);
    let session = manager.create_portal_session(organisation, "read").await;
    let portal: Caller = system.caller(session["token"].as_str().unwrap());
    assert_eq!(portal.endpoint(endpoint).await["id"], *endpoint);
    // Its id alone doesn't say whose it is.
    let revoked = manager
        .delete(&format!(
            "/api/portal-sessions/{}",
            session["id"].as_str().unwrap()
        ))
        .await;
    assert_eq!(revoked.status, 204, "{}", revoked.text);
    assert_eq!(portal.get(&path).await.status, 401);
}

/// Endpoints of one shard that never answer leave the slots of a small worker to the others, slow ones too.
#[tokio::test(flavor = "multi_thread")]
async fn what_hangs_in_one_shard_does_not_reach_another() {
    let builder = System::builder()
        .env("SHARDS", "4")
        .env("WORKER_CONCURRENCY", "16");
    let system = builder.env("DELIVERY_TIMEOUT", "30s").start().await;
    let receiver = Receiver::start().await;
    receiver.always("/hangs", Answer::hang());
    receiver.always("/slow", Answer::status(200).after(Duration::from_millis(1200)));
    let organisations = one_of_each(&system).await;
    let [loud, quiet] = [&organisations[0], &organisations[1]];
    let mut endpoints = vec![];
    for _ in 0..20 {
        let customer = system.customer_of(loud);
        endpoints.push(customer.create_endpoint(&receiver.url("/hangs"), &["*"]).await.id);
    }
    let customer = system.customer_of(quiet);
    customer.create_endpoint(&receiver.url("/slow"), &["*"]).await;
    let events: Vec<_> = (0..20).map(|number| event(loud, number)).collect();
    system.backend().push_batch(&events).await;
    receiver.wait_for_at("/hangs", 8).await;
    let events: Vec<_> = (0..4).map(|number| event(quiet, number)).collect();
    system.backend().push_batch(&events).await;
    let served = receiver.wait_for_at("/slow", 4).await;
    assert_eq!(served.len(), 4);
    // Those that hang still do: nobody waited for their end.
    assert!(receiver.most_open() >= 8, "{}", receiver.most_open());
    let mut connection = connect(&system.redis);
    let hang: usize = keys(&mut connection, "leases")
        .iter()
        .map(|key| connection.zcard::<_, usize>(key).unwrap())
        .sum();
    assert!(hang >= 8, "{hang}");
    let customer = system.customer_of(loud);
    for endpoint in endpoints {
        customer.remove_endpoint(&endpoint).await;
    }
    let mut system = system;
    for process in system.workers.iter_mut().chain([&mut system.api]) {
        process.kill9();
    }
}

/// The number of shards is recorded at the first start. Who says nothing gets it, and who says another one doesn't start.
#[tokio::test(flavor = "multi_thread")]
async fn the_number_of_shards_is_recorded() {
    let mut system = system().await;
    assert!(system.api.terminate().success());
    system.environment.retain(|(name, _)| name != "SHARDS");
    let mut follows = system.another_api().await;
    assert!(follows.log().contains("shards=4"), "{}", follows.log());
    let listen = follows.variable("API_LISTEN").unwrap();
    let page = Caller::new(&format!("http://{listen}"), None)
        .get("/readyz")
        .await
        .expect(200);
    assert_eq!(
        page.body["shards"].as_array().unwrap().len(),
        usize::from(SHARDS),
        "{}",
        page.text
    );
    assert!(follows.terminate().success());

    let mut environment = system.environment.clone();
    environment.push(("SHARDS".to_owned(), "8".to_owned()));
    for name in ["API_LISTEN", "API_ADMIN_LISTEN", "WORKER_LISTEN"] {
        environment.push((name.to_owned(), format!("127.0.0.1:{}", free_port())));
    }
    let sentence = "SHARDS is 8, and the store has 4: set it to 4, or leave it out";
    for program in ["webhooks-api", "webhooks-worker"] {
        let mut refused = Process::start(&system.program(program), &environment);
        assert!(!refused.wait().success());
        assert!(refused.log().contains(sentence), "{}", refused.log());
    }
}
