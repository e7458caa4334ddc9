//! 20,000 retries are due in one instant, while other endpoints are served without a pause. (`long` has 100,000 parked
//! deliveries.)
//!
//! Proves (guarantees): 20,000 retries are due in one instant; 100,000 parked deliveries are released, discarded or removed at once
//! Proves (guarantees): what is being released is discarded, or parked again, as its owner says last

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::clock::Timestamp;
use domain::event::{EventType, Payload};
use domain::id::EventId;
use e2e::account::Account;
use e2e::client::Pushed;
use e2e::fault_proxy::SCRIPT;
use e2e::load::{Load, Loaded, Shape};
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use e2e::system::System;
use redis::{Commands as _, Value};
use serde_json::json;
use store::Store;
use store::events::{AcceptOutcome, Budgets, NewEvent, Push};
use store::policy::Policy;
use store::queue::{
    AttemptRecord, Incarnation, Leased, MAX_FETCH, MAX_REPORTS, Outcome, Report, WorkRequest,
};
use store::rates::EventLimits;

use crate::scene::{ask, builder, policy, step_clock, store};

/// The longest that anybody may wait during another endpoint's storm. It takes milliseconds; the bound allows for a debug build
/// on a busy machine.
pub(crate) const SERVED_WITHIN: Duration = Duration::from_secs(5);

/// The longest that one script may hold Redis up, on a busy machine; it is meant to be 5 ms.
pub(crate) const LONGEST_SCRIPT: Duration = Duration::from_millis(500);

/// The account whose deliveries make the storm.
pub(crate) const STORM: &str = "org:org_storm";

/// 20,000 deliveries were tried and failed, and their retries are all due in one instant. They are delivered, another
/// endpoint is served meanwhile without a pause, and no script does unbounded work.
#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_retries_in_one_instant() {
    const COUNT: usize = 20_000;
    let mut system = builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer_of("org_storm");
    let endpoint = customer.create_endpoint(&receiver.url("/storm"), &["*"]).await;
    let store = store(&system.redis);
    let stormy = accept_many(&store, COUNT).await;
    all_failed_once(&system, &endpoint.id, COUNT).await;

    system.add_worker();
    system.wait_ready().await;
    let bystander = Bystander::begin(&system).await;
    watch_scripts(&system.redis);
    let began = Instant::now();
    step_clock(&system.redis, 3_600_000);
    receiver.wait_for(COUNT).await;
    let took = began.elapsed();
    let (bystanders, served) = bystander.end().await;
    report("20,000 retries", took, &served, slowest_script(&system.redis));
    let balance = Account::of(&system)
        .at(&receiver)
        .at(&bystanders)
        .accepted(stormy)
        .accepted(served.loaded.accepted)
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    system.stop();
}

/// An endpoint is removed while attempts are in flight: their results go nowhere, and the deliveries count as canceled.
#[tokio::test(flavor = "multi_thread")]
async fn removed_while_in_flight() {
    let mut system = builder().start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer_of("org_storm");
    let endpoint = customer.create_endpoint(&receiver.url("/storm"), &["*"]).await;
    system.end_slow_start(&endpoint.id);
    receiver.always("/storm", Answer::status(503).held());
    let pushed = accept_many(&store(&system.redis), 100).await;
    let backend = system.backend();
    let one = backend.push(STORM, "lead.captured", json!({})).await; // wakes the worker
    receiver.wait_for(32).await;
    customer.remove_endpoint(&endpoint.id).await;
    receiver.open_gate();
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .accepted([one])
        .balance()
        .await;
    assert_eq!((balance.canceled, balance.delivered), (101, 0));
    system.stop();
}

/// An owner switches on, off, and on again with `parked: "discard"`, while a worker releases 12,044 retries: what was not sent by
/// then is canceled, and the log has its number.
#[tokio::test(flavor = "multi_thread")]
async fn discarded_while_being_released() {
    const COUNT: usize = 12_044;
    let mut system = builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer_of("org_storm");
    let endpoint = customer.create_endpoint(&receiver.url("/storm"), &["*"]).await;
    let store = store(&system.redis);
    let pushed = accept_many(&store, COUNT).await;
    all_failed_once(&system, &endpoint.id, COUNT).await;
    let switch = async |active: bool, parked: &str| {
        let patch = json!({"id": endpoint.id, "active": active, "parked": parked});
        let reply = customer.patch("/api/webhooks-config", &patch).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    };
    switch(false, "deliver").await;
    system.add_worker();
    system.wait_ready().await;
    switch(true, "deliver").await;
    receiver.wait_for(1).await;
    switch(false, "deliver").await;
    switch(true, "discard").await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .balance()
        .await;
    assert_eq!(balance.delivered + balance.canceled, COUNT, "{balance:?}");
    assert!(balance.canceled > 0, "{balance:?}");
    let log = format!("wh:{{0}}:log:{}", endpoint.id);
    let entries: Vec<(String, HashMap<String, String>)> = ask(&system.redis, &["XREVRANGE", &log, "+", "-"]);
    let counts: Vec<_> = entries
        .iter()
        .filter_map(|(_, fields)| fields.get("count"))
        .collect();
    assert_eq!(counts, [&balance.canceled.to_string()]);
    system.stop();
}

/// Events of [`STORM`], straight into the store.
pub(crate) async fn accept_many(store: &Store, count: usize) -> Vec<Pushed> {
    let budgets = Budgets {
        account_bytes: 1 << 40,
        parked_bytes: 1 << 40,
    };
    let mut pushed = Vec::with_capacity(count);
    for start in (0..count).step_by(1000) {
        let events: Vec<_> = (start..count.min(start + 1000)).map(event).collect();
        let push = Push {
            events,
            budgets,
            limits: EventLimits::NONE,
        };
        for result in store.accept(push).await {
            let AcceptOutcome::Accepted(accepted) = result.unwrap().outcome else {
                panic!("not accepted");
            };
            pushed.push(Pushed {
                id: accepted.id.to_string(),
                deliveries: accepted.deliveries.into(),
            });
        }
    }
    pushed
}

fn event(number: usize) -> NewEvent {
    let (kind, now) = (EventType::LEAD_CAPTURED, Timestamp::now());
    let data = json!({"number": number}).to_string();
    NewEvent {
        id: EventId::new(now.as_millis()),
        account: STORM.parse().unwrap(),
        event: kind,
        chatbot_id: "bot_1".to_owned(),
        payload: Payload::build(kind, "bot_1", now, &data, 1 << 20).unwrap(),
        idempotency: None,
        trace: None,
    }
}

/// Leases this many deliveries as a worker does, and reports that each failed and is to be tried again in an hour.
async fn all_failed_once(system: &System, endpoint: &str, count: usize) {
    let store = store(&system.redis);
    connect(&system.redis)
        .hset::<_, _, _, ()>(key(&format!("endpoint:{endpoint}")), "limit", count)
        .unwrap();
    let policy = Policy {
        delivery_timeout: Duration::from_secs(1800),
        endpoint_concurrency: u32::MAX,
        destination_concurrency: u32::MAX,
        disable_after: u32::MAX,
        ..policy()
    };
    let incarnation = Incarnation::random();
    let mut request = WorkRequest {
        sequence: 0,
        reports: Vec::new(),
        slow_endpoints: Vec::new(),
        want: u32::try_from(MAX_FETCH).unwrap(),
        want_slow: 0,
        free: u32::MAX,
        free_slow: u32::MAX,
        want_bytes: u64::MAX >> 12,
        suspects: 0,
        standby: store::queue::Standby::default(),
        spare: EventId::new(Timestamp::now().as_millis()),
    };
    let mut leased: Vec<Leased> = Vec::new();
    while leased.len() < count {
        request.sequence += 1;
        let reply = store.work(&incarnation, &policy, &request).await.unwrap();
        assert!(!reply.leased.is_empty(), "{} leased", leased.len());
        leased.extend(reply.leased);
    }
    request.want = 0;
    for some in leased.chunks(MAX_REPORTS) {
        request.sequence += 1;
        request.reports = some.iter().map(failed).collect();
        store.work(&incarnation, &policy, &request).await.unwrap();
    }
}

fn failed(leased: &Leased) -> Report {
    Report {
        delivery: leased.delivery.clone(),
        token: leased.token.clone(),
        event: leased.event.event.clone(),
        outcome: Outcome::Failed {
            attempt: AttemptRecord {
                status: Some(500),
                error: Some("http_status"),
                ..AttemptRecord::default()
            },
            retry_in: Some(Duration::from_secs(3600)),
            gone: false,
            rest: None,
        },
    }
}

/// The other customer, whose deliveries must not wait.
pub(crate) struct Bystander {
    pub(crate) receiver: Receiver,
    load: Load,
}

/// How the bystander was served.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) loaded: Loaded,
    /// The longest time between two deliveries.
    pub(crate) longest_pause: Duration,
}

impl Bystander {
    /// Begins to push events for an endpoint of another account, about 80 a second, and waits until it is served.
    pub(crate) async fn begin(system: &System) -> Self {
        let receiver = Receiver::start().await;
        let customer = system.customer_of("org_bystander");
        customer
            .create_endpoint(&receiver.url("/bystander"), &["*"])
            .await;
        let shape = Shape {
            callers: 2,
            pause: Duration::from_millis(20),
            accounts: vec!["org:org_bystander".to_owned()],
            at_most: usize::MAX,
            fill: 0,
        };
        let load = Load::start_as(system, "bystander", &shape);
        receiver.wait_for(20).await;
        Self { receiver, load }
    }

    /// Ends when everything has arrived.
    pub(crate) async fn end(self) -> (Receiver, Served) {
        let loaded = self.load.stop().await;
        let requests = self.receiver.wait_for(loaded.accepted.len()).await;
        let pauses = requests
            .windows(2)
            .map(|two| two[1].at.saturating_duration_since(two[0].at));
        let longest_pause = pauses.max().expect("deliveries");
        (
            self.receiver,
            Served {
                loaded,
                longest_pause,
            },
        )
    }
}

/// Makes Redis remember every command that takes over a millisecond.
pub(crate) fn watch_scripts(redis: &RedisServer) {
    ask::<()>(redis, &["CONFIG", "SET", "slowlog-log-slower-than", "1000"]);
    ask::<()>(redis, &["CONFIG", "SET", "slowlog-max-len", "100000"]);
    ask::<()>(redis, &["SLOWLOG", "RESET"]);
}

/// The longest that a script took since then; zero if all took less than a millisecond.
pub(crate) fn slowest_script(redis: &RedisServer) -> Duration {
    let entries: Vec<Vec<Value>> = ask(redis, &["SLOWLOG", "GET", "-1"]);
    let micros = entries.iter().filter_map(|entry| {
        let (micros, command) = (&entry[2], format!("{:?}", entry[3]));
        let is_script = SCRIPT.split('|').any(|name| command.contains(name));
        match micros {
            Value::Int(micros) if is_script => u64::try_from(*micros).ok(),
            _ => None,
        }
    });
    Duration::from_micros(micros.max().unwrap_or(0))
}

/// Says what was measured, and asserts what may be asserted of it.
pub(crate) fn report(what: &str, took: Duration, served: &Served, script: Duration) {
    eprintln!(
        "{what}: {took:?}; the bystander got {} deliveries, with {:?} between two at most; the longest script took {script:?}",
        served.loaded.accepted.len(),
        served.longest_pause,
    );
    assert!(
        served.longest_pause < SERVED_WITHIN,
        "the bystander waited {:?}",
        served.longest_pause
    );
    assert!(script < LONGEST_SCRIPT, "a script took {script:?}");
}
