//! A store on its own server, with short names for what tests do often.

use std::collections::HashMap;
use std::time::Duration;

use domain::address::AddressPolicy;
use domain::clock::Timestamp;
use domain::endpoint::{
    Endpoint, EndpointPatch, EndpointUrl, Filters, NewEndpoint, ParkedAction, RateLimit, StateChange,
    UrlPolicy,
};
use domain::event::{EventType, Payload, Subscription};
use domain::id::{AccountId, EndpointId, EventId};
use domain::sealing::{SealedHeaders, SealedSecret};
use e2e::redis_server::RedisServer;
use e2e::state::connect_async;
use redis::aio::MultiplexedConnection;
use store::check::broken_rules;
use store::endpoints::CreateOutcome;
use store::events::{AcceptOutcome, Accepted, Budgets, Idempotency, NewEvent, Push};
use store::policy::Policy;
use store::queue::{AttemptRecord, Incarnation, Leased, Outcome, Receipt, Report, WorkReply, WorkRequest};
use store::rates::EventLimits;
use store::{Store, StoreError};

pub(crate) const BUDGETS: Budgets = Budgets {
    account_bytes: 1 << 30,
    parked_bytes: 1 << 28,
};

/// A server, a store on it, and a connection to look behind it.
pub(crate) struct Fixture {
    pub(crate) redis: RedisServer,
    pub(crate) store: Store,
    pub(crate) policy: Policy,
    pub(crate) raw: MultiplexedConnection,
}

/// A worker as the store sees it.
pub(crate) struct Worker {
    pub(crate) incarnation: Incarnation,
    pub(crate) sequence: u64,
}

pub(crate) fn account() -> AccountId {
    "org:org_1".parse().unwrap()
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::on(RedisServer::start()).await
    }

    /// A store with an endpoint that gets every event, and this many events.
    pub(crate) async fn with_events(count: usize) -> (Self, EndpointId) {
        let fixture = Self::new().await;
        let endpoint = fixture.endpoint(&["*"]).await;
        fixture.push_many(count).await;
        (fixture, endpoint)
    }

    pub(crate) async fn on(redis: RedisServer) -> Self {
        let store = Store::new(&redis.args()).unwrap();
        let raw = connect_async(&redis).await;
        let policy = Policy {
            endpoint_concurrency: 32,
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
            delivery_timeout: Duration::from_secs(10),
        };
        Self {
            redis,
            store,
            policy,
            raw,
        }
    }

    pub(crate) async fn endpoint(&self, events: &[&str]) -> EndpointId {
        self.endpoint_of(&account(), events, None).await
    }

    /// An endpoint that has proved itself: its slow start is over.
    pub(crate) async fn endpoint_of(
        &self,
        account: &AccountId,
        events: &[&str],
        chatbot: Option<&str>,
    ) -> EndpointId {
        let id = self.fresh_endpoint_of(account, events, chatbot).await;
        self.end_slow_start(&id).await;
        id
    }

    /// From now on the endpoint may have as many in flight as any.
    pub(crate) async fn end_slow_start(&self, id: &EndpointId) {
        self.set_limit(id, self.policy.endpoint_concurrency).await;
    }

    /// From now on the endpoint may have so many in flight.
    pub(crate) async fn set_limit(&self, id: &EndpointId, limit: u32) {
        let key = format!("wh:{{0}}:endpoint:{id}");
        let _: i64 = self
            .command(redis::cmd("HSET").arg(key).arg("limit").arg(limit))
            .await;
    }

    /// An endpoint that was never attempted.
    pub(crate) async fn fresh_endpoint_of(
        &self,
        account: &AccountId,
        events: &[&str],
        chatbot: Option<&str>,
    ) -> EndpointId {
        let new = new_endpoint(account, events, chatbot);
        match self.store.create_endpoint(&new, 20_000).await.unwrap() {
            CreateOutcome::Created(endpoint) => endpoint.id,
            other => panic!("not created: {other:?}"),
        }
    }

    pub(crate) async fn get(&self, id: &EndpointId) -> Endpoint {
        self.store
            .get_endpoint(&account(), id)
            .await
            .unwrap()
            .expect("the endpoint exists")
    }

    pub(crate) async fn switch(&self, id: &EndpointId, active: bool, parked: ParkedAction) -> Endpoint {
        let patch = EndpointPatch {
            state: Some(StateChange::of_switch(active)),
            parked,
            ..EndpointPatch::default()
        };
        self.store
            .update_endpoint(&account(), id, &patch)
            .await
            .unwrap()
            .expect("the endpoint exists")
    }

    pub(crate) async fn change_url(&self, id: &EndpointId, url: &str) -> Endpoint {
        let policy = UrlPolicy {
            allow_http: true,
            addresses: AddressPolicy::default(),
        };
        let patch = EndpointPatch {
            url: Some(EndpointUrl::parse(url, &policy).unwrap()),
            ..EndpointPatch::default()
        };
        self.store
            .update_endpoint(&account(), id, &patch)
            .await
            .unwrap()
            .expect("the endpoint exists")
    }

    /// What its owner wants it to get in a second; `None`: as much as it carries.
    pub(crate) async fn set_rate(&self, id: &EndpointId, rate: Option<i64>) -> Endpoint {
        let patch = EndpointPatch {
            rate_limit: Some(rate.map(|rate| RateLimit::new(rate).unwrap())),
            ..EndpointPatch::default()
        };
        self.store
            .update_endpoint(&account(), id, &patch)
            .await
            .unwrap()
            .expect("the endpoint exists")
    }

    pub(crate) async fn push(&self) -> Accepted {
        self.accept(&new_event()).await
    }

    pub(crate) async fn push_many(&self, count: usize) {
        let events: Vec<_> = (0..count).map(|_| new_event()).collect();
        for chunk in events.chunks(1000) {
            for outcome in self.accept_all(chunk, BUDGETS).await {
                assert!(matches!(outcome.unwrap(), AcceptOutcome::Accepted(_)));
            }
        }
    }

    pub(crate) async fn accept(&self, event: &NewEvent) -> Accepted {
        match self.accept_outcome(event, BUDGETS).await {
            AcceptOutcome::Accepted(accepted) => accepted,
            other => panic!("not accepted: {other:?}"),
        }
    }

    pub(crate) async fn accept_outcome(&self, event: &NewEvent, budgets: Budgets) -> AcceptOutcome {
        self.accept_all(std::slice::from_ref(event), budgets)
            .await
            .remove(0)
            .unwrap()
    }

    /// Pushes events without limits; returns what became of each.
    pub(crate) async fn accept_all(
        &self,
        events: &[NewEvent],
        budgets: Budgets,
    ) -> Vec<Result<AcceptOutcome, StoreError>> {
        let push = Push {
            events: events.to_vec(),
            budgets,
            limits: EventLimits::NONE,
        };
        let results = self.store.accept(push).await.into_iter();
        results.map(|result| Ok(result?.outcome)).collect()
    }

    /// Pushes an event alone, so that it shares its call with others that come at the same time.
    pub(crate) async fn accept_one(&self, event: NewEvent) -> Result<AcceptOutcome, StoreError> {
        self.accept_all(&[event], BUDGETS).await.remove(0)
    }

    pub(crate) async fn work(&self, worker: &mut Worker, request: WorkRequest) -> WorkReply {
        worker.sequence += 1;
        let request = WorkRequest {
            sequence: worker.sequence,
            ..request
        };
        self.store
            .work(&worker.incarnation, &self.policy, &request)
            .await
            .unwrap()
    }

    pub(crate) async fn fetch(&self, worker: &mut Worker, want: u32) -> Vec<Leased> {
        self.work(worker, wants(want)).await.leased
    }

    /// Reports one lease.
    pub(crate) async fn report(&self, worker: &mut Worker, leased: &Leased, outcome: Outcome) -> Receipt {
        let request = WorkRequest {
            reports: vec![report(leased, outcome)],
            ..wants(0)
        };
        self.work(worker, request).await.receipts[0]
    }

    /// Announces the workers' policy, as a worker does when it starts.
    pub(crate) async fn announce(&self) {
        self.store
            .announce_policy(&self.policy, &domain::header_names::HeaderPrefix::default())
            .await
            .unwrap();
    }

    /// Sets Redis's time as the scripts see it forward (or back).
    pub(crate) async fn pass(&self, span: Duration) {
        self.step_clock(i64::try_from(span.as_millis()).unwrap()).await;
    }

    pub(crate) async fn step_clock(&self, millis: i64) {
        let _: i64 = self
            .command(
                redis::cmd("HINCRBY")
                    .arg("wh:{0}:stats")
                    .arg("clockOffset")
                    .arg(millis),
            )
            .await;
    }

    pub(crate) async fn command<T: redis::FromRedisValue>(&self, command: &redis::Cmd) -> T {
        command.query_async(&mut self.raw.clone()).await.unwrap()
    }

    pub(crate) async fn hash(&self, key: &str) -> HashMap<String, String> {
        self.command(redis::cmd("HGETALL").arg(format!("wh:{{0}}:{key}")))
            .await
    }

    pub(crate) async fn list(&self, key: &str) -> Vec<String> {
        self.command(redis::cmd("LRANGE").arg(format!("wh:{{0}}:{key}")).arg(0).arg(-1))
            .await
    }

    /// The members of a sorted set, lowest score first.
    pub(crate) async fn sorted(&self, key: &str) -> Vec<String> {
        self.command(redis::cmd("ZRANGE").arg(format!("wh:{{0}}:{key}")).arg(0).arg(-1))
            .await
    }

    /// The score of a member of a sorted set.
    pub(crate) async fn score(&self, key: &str, member: &str) -> Option<u64> {
        self.command(redis::cmd("ZSCORE").arg(format!("wh:{{0}}:{key}")).arg(member))
            .await
    }

    /// All keys without the prefix, sorted.
    pub(crate) async fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.command(redis::cmd("KEYS").arg("wh:{0}:*")).await;
        keys.sort();
        keys.iter()
            .map(|key| key.trim_start_matches("wh:{0}:").to_owned())
            .collect()
    }

    pub(crate) async fn ttl(&self, key: &str) -> i64 {
        self.command(redis::cmd("PTTL").arg(format!("wh:{{0}}:{key}")))
            .await
    }

    /// Asserts that what is stored agrees with itself.
    pub(crate) async fn assert_sound(&self) {
        let violations = broken_rules(&self.store.snapshot(&|_| {}).await.unwrap());
        assert!(violations.is_empty(), "{violations:#?}");
    }

    /// Asserts that nothing waits, nothing is in flight, and no account is charged for anything.
    pub(crate) async fn assert_drained(&self) {
        self.assert_sound().await;
        let left: Vec<_> = self
            .keys()
            .await
            .into_iter()
            .filter(|key| {
                let kind = key.split(':').next().unwrap();
                let kept = [
                    "account",
                    "audit",
                    "block",
                    "blocks",
                    "history",
                    "packing",
                    "endpoint",
                    "event",
                    "log",
                    "policy",
                    "stats",
                    "wake",
                    "worker",
                    "removed",
                    "replay",
                    "trial",
                    "answer",
                    "idempotency",
                    "failed",
                    "canceled",
                    "changed",
                    "finished",
                    "packing",
                    "parked",
                    "replays",
                    "shares",
                ];
                !kept.contains(&kind) && !key.starts_with("delivery:")
                    || key.starts_with("account:") && key.ends_with(":bytes")
            })
            .collect();
        assert_eq!(left, Vec::<String>::new());
        let mut shares = self.hash("shares").await;
        shares.retain(|name, _| name != "accounts" && name != "destinations");
        assert_eq!(shares, HashMap::new());
        for key in self.keys().await {
            if key.starts_with("delivery:") {
                assert!(self.ttl(&key).await > 0, "{key} has no lifetime");
            }
            if key.starts_with("endpoint:") {
                let endpoint = self.hash(&key).await;
                assert_eq!(
                    (endpoint["inFlight"].as_str(), endpoint["queuedBytes"].as_str()),
                    ("0", "0"),
                    "{key}"
                );
            }
        }
    }
}

impl Worker {
    pub(crate) fn new() -> Self {
        Self {
            incarnation: Incarnation::random(),
            sequence: 0,
        }
    }
}

pub(crate) fn new_endpoint(account: &AccountId, events: &[&str], chatbot: Option<&str>) -> NewEndpoint {
    let policy = UrlPolicy {
        allow_http: true,
        addresses: AddressPolicy::default(),
    };
    NewEndpoint {
        id: EndpointId::random(),
        account: account.clone(),
        url: EndpointUrl::parse("https://example.com/hook", &policy).unwrap(),
        events: events
            .iter()
            .map(|event| event.parse::<Subscription>().unwrap())
            .collect(),
        chatbots: chatbot.map(str::to_owned).into(),
        filters: Filters::default(),
        description: None,
        headers: SealedHeaders::default(),
        rate_limit: None,
        auto_resume: false,
        active: true,
        by: None,
        secret: SealedSecret::from_stored("v1.test.sealed".to_owned()),
    }
}

/// A `lead.captured` of chatbot `bot` for [`account`].
pub(crate) fn new_event() -> NewEvent {
    event_of(EventType::LEAD_CAPTURED, "bot", "{}")
}

pub(crate) fn event_of(event: EventType, chatbot: &str, data: &str) -> NewEvent {
    let now = Timestamp::now();
    NewEvent {
        id: EventId::new(now.as_millis()),
        account: account(),
        event,
        chatbot_id: chatbot.to_owned(),
        payload: Payload::build(event, chatbot, now, data, 1 << 20).unwrap(),
        idempotency: None,
        trace: None,
    }
}

pub(crate) fn with_key(event: NewEvent, key: &str, fingerprint: &str) -> NewEvent {
    let idempotency = Idempotency {
        key: key.to_owned(),
        fingerprint: fingerprint.to_owned(),
        parts: fingerprint.to_owned(),
        ..Idempotency::default()
    };
    NewEvent {
        idempotency: Some(idempotency),
        ..event
    }
}

pub(crate) fn wants(want: u32) -> WorkRequest {
    WorkRequest {
        sequence: 0,
        reports: vec![],
        slow_endpoints: vec![],
        want,
        want_slow: want / 2,
        free: 512,
        free_slow: 256,
        want_bytes: 64 << 20,
        suspects: 16,
        standby: store::queue::Standby::default(),
        spare: EventId::new(Timestamp::now().as_millis()),
    }
}

pub(crate) fn report(leased: &Leased, outcome: Outcome) -> Report {
    Report {
        delivery: leased.delivery.clone(),
        token: leased.token.clone(),
        event: leased.event.event.clone(),
        outcome,
    }
}

pub(crate) fn succeeded() -> Outcome {
    Outcome::Succeeded(AttemptRecord {
        status: Some(200),
        duration: Duration::from_millis(7),
        ..AttemptRecord::default()
    })
}

/// A 500 that is tried again after `retry_in` seconds, or never.
pub(crate) fn failed(retry_in: Option<u64>) -> Outcome {
    Outcome::Failed {
        attempt: AttemptRecord {
            status: Some(500),
            duration: Duration::from_millis(7),
            error: Some("http_status"),
            detail: "answered 500".to_owned(),
            snippet: "oops".to_owned(),
            ..AttemptRecord::default()
        },
        retry_in: retry_in.map(Duration::from_secs),
        gone: false,
        rest: None,
    }
}

/// A name that was not found: its endpoint rests for so many seconds, and the delivery is tried again after `retry_in`.
pub(crate) fn unfound(rest: u64, retry_in: u64) -> Outcome {
    Outcome::Failed {
        attempt: AttemptRecord {
            error: Some("dns"),
            detail: "the name did not resolve".to_owned(),
            ..AttemptRecord::default()
        },
        retry_in: Some(Duration::from_secs(retry_in)),
        gone: false,
        rest: Some(Duration::from_secs(rest)),
    }
}

/// A 429 that asks for a pause of so many seconds, or names no time. `retry_in`: what the schedule says.
pub(crate) fn refused(asked: Option<u64>, retry_in: Option<u64>) -> Outcome {
    Outcome::Held {
        attempt: AttemptRecord {
            status: Some(429),
            duration: Duration::from_millis(7),
            error: Some("http_status"),
            detail: "answered 429 Too Many Requests".to_owned(),
            ..AttemptRecord::default()
        },
        wait: asked.map(Duration::from_secs),
        retry_in: retry_in.map(Duration::from_secs),
        jitter: 0.0,
    }
}

/// No attempt was made; zero seconds: the delivery goes back to the front at once.
pub(crate) fn given_back(seconds: u64) -> Outcome {
    Outcome::GivenBack {
        wait: Duration::from_secs(seconds),
    }
}

pub(crate) fn gone() -> Outcome {
    match failed(Some(5)) {
        Outcome::Failed {
            attempt, retry_in, ..
        } => Outcome::Failed {
            attempt,
            retry_in,
            gone: true,
            rest: None,
        },
        other => other,
    }
}
