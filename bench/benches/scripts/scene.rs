//! What the scripts are measured on.

use std::time::Duration;

use domain::address::AddressPolicy;
use domain::clock::Timestamp;
use domain::endpoint::{EndpointUrl, NewEndpoint, UrlPolicy};
use domain::event::{EventType, Payload, Subscription};
use domain::id::{AccountId, DeliveryId, EndpointId, EventId};
use domain::sealing::SealedSecret;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use redis::Commands as _;
use store::Store;
use store::events::{AcceptOutcome, Budgets, NewEvent, Push};
use store::policy::Policy;
use store::queue::{AttemptRecord, Incarnation, Leased, Outcome, Report, WorkReply, WorkRequest};
use store::rates::EventLimits;
use tokio::runtime::Runtime;

/// Deliveries in one call of `work`.
pub(crate) const AT_ONCE: u32 = 32;

pub(crate) const BUDGETS: Budgets = Budgets {
    account_bytes: u64::MAX >> 12,
    parked_bytes: u64::MAX >> 12,
};

/// A store on a server of its own, with one account and one worker.
pub(crate) struct Scene {
    pub(crate) runtime: Runtime,
    pub(crate) store: Store,
    pub(crate) policy: Policy,
    pub(crate) account: AccountId,
    pub(crate) incarnation: Incarnation,
    /// Last, so that it outlives the store.
    pub(crate) redis: RedisServer,
}

impl Scene {
    pub(crate) fn new() -> Self {
        let redis = RedisServer::start();
        Self {
            runtime: Runtime::new().unwrap(),
            store: Store::new(&redis.args()).unwrap(),
            policy: Policy {
                endpoint_concurrency: 1000,
                destination_concurrency: u32::MAX,
                disable_after: 10,
                disable_min_span: Duration::ZERO,
                retention_succeeded: Duration::from_secs(86_400),
                retention_failed: Duration::from_secs(14 * 86_400),
                log_length: 1000,
                max_attempts: 10,
                exhausted_budget: 1 << 30,
                history_budget: 1 << 30,
                operator_events: false,
                delivery_timeout: Duration::from_secs(1800),
            },
            account: "org:org_1".parse().unwrap(),
            incarnation: Incarnation::random(),
            redis,
        }
    }

    pub(crate) fn with_endpoints(count: usize) -> (Self, Vec<EndpointId>) {
        let scene = Self::new();
        let ids = (0..count).map(|_| scene.new_endpoint());
        let ids: Vec<_> = ids
            .map(|new| {
                scene.block_on(scene.store.create_endpoint(&new, 1000)).unwrap();
                scene.end_slow_start(&new.id);
                new.id
            })
            .collect();
        (scene, ids)
    }

    /// As if the endpoint had proved itself: it may have as many attempts in flight as any.
    fn end_slow_start(&self, endpoint: &EndpointId) {
        connect(&self.redis)
            .hset::<_, _, _, ()>(
                key(&format!("endpoint:{endpoint}")),
                "limit",
                self.policy.endpoint_concurrency,
            )
            .unwrap();
    }

    /// One endpoint whose log is full, and one of its deliveries.
    pub(crate) fn with_full_log() -> (Self, EndpointId, DeliveryId) {
        let (scene, ids) = Self::with_endpoints(1);
        let mut last = None;
        for sequence in 1..=40 {
            scene.push(AT_ONCE);
            let leased = scene.block_on(scene.fetch(2 * sequence)).leased;
            last = leased.last().map(|lease| lease.delivery.clone());
            scene.block_on(scene.complete(2 * sequence + 1, &leased));
        }
        (scene, ids[0].clone(), last.unwrap())
    }

    pub(crate) fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn new_endpoint(&self) -> NewEndpoint {
        let policy = UrlPolicy {
            allow_http: true,
            addresses: AddressPolicy::default(),
        };
        NewEndpoint {
            id: EndpointId::random(),
            account: self.account.clone(),
            url: EndpointUrl::parse("https://example.com/hook", &policy).unwrap(),
            events: vec![Subscription::All],
            chatbots: domain::endpoint::Chatbots::default(),
            filters: domain::endpoint::Filters::default(),
            headers: domain::sealing::SealedHeaders::default(),
            description: None,
            rate_limit: None,
            auto_resume: false,
            active: true,
            by: None,
            secret: SealedSecret::from_stored("v1.test.sealed".to_owned()),
        }
    }

    pub(crate) fn new_event(&self) -> NewEvent {
        NewEvent {
            id: EventId::new(Timestamp::now().as_millis()),
            account: self.account.clone(),
            event: EventType::LEAD_CAPTURED,
            chatbot_id: "bot_1".to_owned(),
            payload: payload(),
            idempotency: None,
            trace: None,
        }
    }

    pub(crate) fn push(&self, count: u32) {
        let events: Vec<_> = (0..count).map(|_| self.new_event()).collect();
        self.block_on(self.accept(events));
    }

    pub(crate) async fn accept(&self, events: Vec<NewEvent>) {
        let push = Push {
            events,
            budgets: BUDGETS,
            limits: EventLimits::NONE,
        };
        for result in self.store.accept(push).await {
            assert!(matches!(result.unwrap().outcome, AcceptOutcome::Accepted(_)));
        }
    }

    pub(crate) async fn fetch(&self, sequence: u64) -> WorkReply {
        let reply = self.work(sequence, AT_ONCE, Vec::new()).await;
        assert_eq!(reply.leased.len(), AT_ONCE as usize);
        reply
    }

    pub(crate) async fn complete(&self, sequence: u64, leased: &[Leased]) {
        let attempt = AttemptRecord {
            status: Some(200),
            duration: Duration::from_millis(7),
            ..AttemptRecord::default()
        };
        let reports = leased.iter().map(|lease| Report {
            delivery: lease.delivery.clone(),
            token: lease.token.clone(),
            event: lease.event.event.clone(),
            outcome: Outcome::Succeeded(attempt.clone()),
        });
        self.work(sequence, 0, reports.collect()).await;
    }

    pub(crate) async fn work(&self, sequence: u64, want: u32, reports: Vec<Report>) -> WorkReply {
        let request = WorkRequest {
            sequence,
            reports,
            slow_endpoints: Vec::new(),
            want,
            want_slow: want / 2,
            free: 512,
            free_slow: 256,
            want_bytes: 64 << 20,
            suspects: 16,
            standby: store::queue::Standby::default(),
            spare: EventId::new(Timestamp::now().as_millis()),
        };
        self.store
            .work(&self.incarnation, &self.policy, &request)
            .await
            .unwrap()
    }
}

pub(crate) fn payload() -> Payload {
    let data = format!(r#"{{"fill":"{}"}}"#, "x".repeat(500));
    Payload::build(
        EventType::LEAD_CAPTURED,
        "bot_1",
        Timestamp::now(),
        &data,
        1 << 20,
    )
    .unwrap()
}
