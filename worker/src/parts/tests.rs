//! A panic in an attempt, through the whole worker: the real queue, apalis, the slots and the reports. Only the resolver
//! is the test's own, since it is what can be made to panic without a hook in the program.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};

use clap::Parser as _;
use domain::clock::Timestamp;
use domain::endpoint::{EndpointUrl, NewEndpoint};
use domain::event::{EventType, Payload, Subscription};
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use domain::signing::SigningSecret;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use store::Store;
use store::events::{AcceptOutcome, Budgets, NewEvent, Push};
use store::rates::EventLimits;
use store::shards::Shards;
use store::test_events::TestEventRequest;
use tokio::sync::oneshot;

use super::*;
use crate::transport::Roots;

const KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/// Panics for one name, and knows all others as this machine.
#[derive(Debug, Default)]
struct Panics {
    times: AtomicU32,
}

impl Resolve for Panics {
    fn resolve(&self, name: Name) -> Resolving {
        if name.as_str() == "panics.example" {
            self.times.fetch_add(1, Ordering::SeqCst);
            panic!("on purpose");
        }
        let here = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Box::pin(async move { Ok(Box::new(std::iter::once(here)) as Addrs) })
    }
}

fn account() -> AccountId {
    "org:org_1".parse().unwrap()
}

async fn endpoint(store: &Store, config: &Config, url: &str) -> EndpointId {
    let id = EndpointId::random();
    let new = NewEndpoint {
        url: EndpointUrl::parse(url, &config.urls.policy()).unwrap(),
        events: vec!["*".parse().unwrap()],
        chatbots: domain::endpoint::Chatbots::default(),
        filters: domain::endpoint::Filters::default(),
        headers: domain::sealing::SealedHeaders::default(),
        description: None,
        rate_limit: None,
        auto_resume: false,
        active: true,
        by: None,
        secret: config
            .secrets
            .secrets_key
            .seal(&SigningSecret::generate(), &account(), &id),
        account: account(),
        id: id.clone(),
    };
    store.create_endpoint(&new, 1000).await.unwrap();
    id
}

async fn push(store: &Store, count: usize) {
    let (now, event) = (Timestamp::now(), EventType::LEAD_CAPTURED);
    let events: Vec<_> = (0..count)
        .map(|_| NewEvent {
            id: EventId::new(now.as_millis()),
            account: account(),
            event,
            chatbot_id: "bot".to_owned(),
            payload: Payload::build(event, "bot", now, "{}", 1 << 20).unwrap(),
            idempotency: None,
            trace: None,
        })
        .collect();
    let budgets = Budgets {
        account_bytes: 1 << 30,
        parked_bytes: 1 << 28,
    };
    let push = Push {
        events,
        budgets,
        limits: EventLimits::NONE,
    };
    for result in store.accept(push).await {
        assert!(matches!(result.unwrap().outcome, AcceptOutcome::Accepted(_)));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_attempt_that_panics_is_set_aside_and_others_flow() {
    let redis = RedisServer::start();
    let receiver = Receiver::start().await;
    let port = receiver.address().port();
    let url = redis.url();
    let config = Config::try_parse_from([
        "webhooks-worker",
        "--redis-url",
        &url,
        "--secrets-key",
        KEY,
        "--allow-http",
        "true",
        "--allow-networks",
        "127.0.0.0/8",
    ])
    .unwrap();
    let store = Store::new(&config.redis).unwrap();
    let panics = endpoint(&store, &config, &format!("http://panics.example:{port}/")).await;
    endpoint(&store, &config, &format!("http://other.example:{port}/other")).await;

    let names = Arc::new(Panics::default());
    let settings = transport::Settings {
        proxy: None,
        timeout: config.attempts.delivery_timeout.0,
        addresses: config.urls.policy().addresses,
        roots: Roots::Only(Vec::new()),
        most_at_address: 64,
    };
    let metrics = Metrics::new().unwrap();
    let (stopper, stop) = Stopper::new();
    let shards = WorkerShard::all(&Shards::find(&config.redis).await.unwrap());
    shards[0].open();
    let parts = Parts {
        tracer: traces::Tracer::default(),
        keyring: config.secrets.secrets_key.clone().into(),
        interest: Interest::default(),
        config: &config,
        shards,
        metrics: metrics.clone(),
        fitness: Fitness::new(metrics.clone()),
        stop,
        clock: crate::clock::Clock::new(metrics.clock_skew.clone()),
        client: transport::Client::new(settings, Arc::clone(&names) as Arc<dyn Resolve>).unwrap(),
        egress: Egress::default(),
        drain: Drain::default(),
        identity: Identity::of_process(),
        operator: None,
    };
    let worker = parts.start(stopper, Tasks::default());
    let (end, ended) = oneshot::channel::<()>();
    let running = tokio::spawn(worker.run(async { drop(ended.await) }));

    push(&store, 50).await;
    receiver.wait_for_at("/other", 50).await;
    eventually(LONG, "all that panicked to be in quarantine", async || {
        let count: usize = connect(&redis).zcard(key("quarantine")).unwrap();
        check(count == 50, count.to_string())
    })
    .await;
    // Set aside after three crashes each, told, and not counted against the endpoint.
    let times = names.times.load(Ordering::SeqCst);
    assert!(times >= 150, "{times}");
    assert!(metrics.crashed.get() >= 150);
    let report = store.check().await.unwrap();
    assert_eq!(report.violations, []);
    assert_eq!(report.unfinished, 50);
    for endpoint in store.list_endpoints(&account()).await.unwrap() {
        assert_eq!(endpoint.consecutive_failures, 0, "{endpoint:?}");
    }

    // A test event that panics is answered.
    let (now, event) = (Timestamp::now(), EventType::LEAD_CAPTURED);
    let test_event = TestEventRequest {
        delivery: DeliveryId::of(&EventId::new(now.as_millis()), &panics),
        account: account(),
        event: Subscription::Only(event),
        payload: Payload::build(event, "bot", now, "{}", 1000).unwrap(),
    };
    store.request_test_event(&test_event, 5).await.unwrap();
    let answer = store
        .test_event_answer(&test_event.delivery, LONG)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(answer.error.as_deref(), Some("not_attempted"), "{answer:?}");

    // The worker still works.
    push(&store, 10).await;
    receiver.wait_for_at("/other", 60).await;
    end.send(()).unwrap();
    running.await.unwrap().unwrap();
    assert_eq!(connect(&redis).zcard::<_, usize>(key("leases")).unwrap(), 0);
}
