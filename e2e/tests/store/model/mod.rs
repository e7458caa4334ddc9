//! The queue against a model: random sequences of every script, with lost answers, repeats, crashes, clock steps and
//! several workers. After each step the stored state passes the check, and is what the model says.
//!
//! - `ops`: what may happen, and how likely it is.
//! - `workers`, `reports`, `owner`: what workers and the owner of the endpoints do; `switched`: pausing and switching, by the owner and
//!   an operator; `replays`, `listing`: calls of the owner that take longer.
//! - `states`: where each delivery is, by the state machine.
//! - `shares`: what is in flight at each destination.
//! - `suspects`: who is to blame for a lost lease. `parked`, `releases`: what upkeep ends and lets go of.
//! - `packing`: what is finished is packed; what is found of it. `erasing`: an event is erased.
//! - `tour`: every transition that the state machine allows, one after the other.
//!
//! Proves (guarantees): a replay of many is interrupted by a worker's death
//! Proves (guarantees): what is parked ends as exhausted, wherever it waits and whoever switched its endpoint off
//! Proves (guarantees): what is being released is discarded, or parked again, as its owner says last
//! Proves (guarantees): a paused endpoint keeps what waits and what comes, and what was in flight counts
//! Proves (guarantees): what an operator holds, an owner sees and can't lift
//! Proves (guarantees): any sequence of calls, lost answers, crashes and clock steps
//! Proves (guarantees): the log says what the queue did
//! Proves (guarantees): an event is erased, wherever its payload is, and whatever becomes of its deliveries meanwhile
//! Proves (guarantees): what is in flight is counted once, whatever becomes of its endpoint
//! Proves (guarantees): one endpoint has filled its account's budget
//! Proves (guarantees): a page of the log never repeats or skips a delivery because something arrived
//! Proves (guarantees): a delivery moves as the state machine allows, and in no other way
//! Proves (guarantees): what was exhausted or canceled is known as undelivered until a replay of it succeeds

mod erasing;
mod listing;
mod ops;
mod owner;
mod packing;
mod parked;
mod releases;
mod replays;
mod reports;
mod shares;
mod states;
mod suspects;
mod switched;
mod tour;
mod workers;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::delivery::{DeliveryState, Transition};
use domain::endpoint::EndpointState;
use domain::id::{DeliveryId, EndpointId, EventId};
use e2e::redis_server::RedisServer;
use proptest::prelude::*;
use store::check::{Snapshot, broken_rules};
use store::queue::UpkeepReply;

use crate::fixture::{Fixture, wants};
use listing::Listing;
use ops::{Op, op};
use owner::ModelEndpoint;
use packing::Packing;
use replays::ModelReplay;
use reports::Outcome;
use states::ModelDelivery;
use suspects::Suspects;
use workers::ModelWorker;

const CAP: u32 = 3;

/// The most attempts in flight at one of the hosts where endpoints are.
const DESTINATION_CAP: u32 = 4;
const DISABLE_AFTER: u32 = 3;
const RETRY_SECONDS: u64 = 40;

/// How long an endpoint rests whose name was not found.
const REST_SECONDS: u64 = 30;

/// What a receiver asks for, and what is longer than an endpoint is held.
const HELD_SECONDS: u64 = 30;
const HELD_LONGER_SECONDS: u64 = 3660;

/// From this one on a delivery's holds count as attempts.
const MOST_HOLDS: u32 = 10;

struct Model {
    fixture: Fixture,
    now: u64,
    endpoints: Vec<ModelEndpoint>,
    deliveries: HashMap<DeliveryId, ModelDelivery>,
    workers: Vec<ModelWorker>,
    listing: Option<Listing>,
    replays: Vec<ModelReplay>,
    suspects: Suspects,
    /// Events whose payload upkeep let go of.
    gone: HashSet<EventId>,
    /// Those that somebody erased.
    erased: HashSet<EventId>,
    /// An operator pauses the whole account.
    is_account_held: bool,
    packing: Packing,
    /// The transitions that deliveries took, with the states that they left by them.
    taken: HashSet<(DeliveryState, Transition)>,
}

impl Model {
    async fn new(redis: RedisServer) -> Self {
        let mut fixture = Fixture::on(redis).await;
        fixture.policy.endpoint_concurrency = CAP;
        fixture.policy.destination_concurrency = DESTINATION_CAP;
        fixture.policy.disable_after = DISABLE_AFTER;
        fixture.policy.retention_succeeded = Duration::from_secs(100);
        let mut model = Self {
            fixture,
            now: 0,
            endpoints: vec![],
            deliveries: HashMap::new(),
            workers: (0..3).map(|_| ModelWorker::new()).collect(),
            listing: None,
            replays: vec![],
            suspects: Suspects::default(),
            gone: HashSet::new(),
            erased: HashSet::new(),
            is_account_held: false,
            packing: Packing::default(),
            taken: HashSet::new(),
        };
        model.fixture.announce().await;
        model.create().await;
        model.create().await;
        model
    }

    fn state_of(&self, id: &EndpointId) -> EndpointState {
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id == *id);
        endpoint.expect("the endpoint exists").state
    }

    fn exists(&self, id: &EndpointId) -> bool {
        self.endpoints.iter().any(|endpoint| endpoint.id == *id)
    }

    async fn upkeep(&mut self, room: u64) -> UpkeepReply {
        let before = self.snapshot().await;
        let store = &self.fixture.store;
        let reply = store.upkeep_step(&self.fixture.policy, None, room).await.unwrap();
        let after = self.snapshot().await;
        self.released(&before, &after, &reply, room);
        let lost: Vec<DeliveryId> = before
            .tokens
            .difference(&after.tokens)
            .map(|delivery| delivery.parse().unwrap())
            .collect();
        assert_eq!(lost.len(), reply.reaped as usize);
        for delivery in &lost {
            if self.exists(&delivery.endpoint()) {
                self.suspects.expired(delivery);
                self.lose(delivery);
            } else {
                self.take(delivery, Transition::Removed);
            }
        }
        self.meet_replays().await;
        self.follow(&[Transition::Due], &lost).await;
        reply
    }

    /// Moves a delivery that lost a lease, once `suspects` has blamed whoever is to blame.
    fn lose(&mut self, delivery: &DeliveryId) {
        let is_suspect = self.suspects.is_suspect(delivery);
        let lost = if is_suspect {
            Transition::Quarantined
        } else {
            Transition::LeaseLost
        };
        self.take(delivery, lost);
    }

    async fn pass(&mut self, span: Duration) {
        self.fixture.pass(span).await;
        self.now += u64::try_from(span.as_millis()).unwrap();
    }

    async fn snapshot(&self) -> Snapshot {
        self.fixture.store.snapshot(&|_| {}).await.unwrap()
    }

    /// The stored state is sound, and what the model says.
    async fn compare(&self) {
        let snapshot = self.snapshot().await;
        let violations = broken_rules(&snapshot);
        assert!(violations.is_empty(), "{violations:#?}");
        for endpoint in &self.endpoints {
            let stored = self.fixture.get(&endpoint.id).await;
            assert_eq!(
                (stored.state, stored.consecutive_failures),
                (endpoint.state, endpoint.failures),
                "{}",
                endpoint.id
            );
            assert_eq!(
                snapshot.endpoints[endpoint.id.as_str()].limit,
                i64::from(endpoint.limit),
                "{}",
                endpoint.id
            );
            assert!(snapshot.endpoints[endpoint.id.as_str()].in_flight <= i64::from(CAP));
        }
        self.compare_shares(&snapshot);
        self.compare_states(&snapshot);
        self.compare_suspects().await;
    }

    /// Everything that waits arrives once the receivers are well.
    async fn drain(&mut self) {
        self.give_all_back().await;
        self.hold(None, false).await;
        for endpoint in 0..self.endpoints.len() {
            self.hold(Some(endpoint), false).await;
            self.switch(endpoint, true, false).await;
        }
        self.deliver_all().await;
        while self
            .fixture
            .store
            .upkeep(&self.fixture.policy)
            .await
            .unwrap()
            .more
        {}
        self.drop_blocks(&self.snapshot().await);
        self.compare().await;
        self.find_everything().await;
        self.pack_everything().await;
        self.compare_replays().await;
        self.listing = None;
        for endpoint in 0..self.endpoints.len() {
            self.list(endpoint).await;
            while self.listing.is_some() {
                self.list(endpoint).await;
            }
        }
        self.fixture.assert_drained().await;
    }

    /// Workers, and upkeep, run until everything is finished.
    async fn deliver_all(&mut self) {
        for round in 0..400 {
            // Longer than upkeep may be away without letting leases alone, now and then.
            let span = if round % 8 == 7 { 600 } else { 9 };
            self.pass(Duration::from_secs(span)).await;
            self.upkeep(0).await;
            self.call(0, wants(64)).await;
            self.follow_work().await;
            while !self.workers[0].held.is_empty() {
                self.report(0, 0, Outcome::Succeeded).await;
            }
            self.compare().await;
            let is_done = self.deliveries.values().all(|delivery| delivery.state.is_final());
            if is_done && self.snapshot().await.replaying.is_empty() {
                break;
            }
        }
        for (id, delivery) in &self.deliveries {
            assert!(delivery.state.is_final(), "{id} never arrived: {delivery:?}");
        }
    }
}

#[test]
fn any_sequence_of_calls_keeps_the_state_sound_and_loses_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    // PROPTEST_CASES asks for more.
    let cases = std::env::var("PROPTEST_CASES").map_or(48, |cases| cases.parse().unwrap());
    let config = ProptestConfig {
        cases,
        max_shrink_iters: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(ops in proptest::collection::vec(op(), 10..90), ages in any::<bool>(), is_alone in any::<bool>())| {
        runtime.block_on(async {
            // Nothing here depends on what survives a crash of the server.
            let mut model = Model::new(RedisServer::start_with(&["--appendonly", "no"])).await;
            // With one endpoint nothing else waits, and nearly every event is handed over.
            if is_alone {
                model.apply(&Op::Remove { endpoint: 1 }).await;
            }
            for op in ops.iter().filter(|op| !is_alone || !matches!(op, Op::Create)) {
                model.apply(op).await;
                model.compare().await;
            }
            if ages {
                model.age().await;
            }
            model.drain().await;
        });
    });
}

/// Their entries are older than their events, and packed before those of others.
#[tokio::test(flavor = "multi_thread")]
async fn what_ended_once_the_clock_was_set_back_is_found() {
    let mut model = Model::new(RedisServer::start_with(&["--appendonly", "no"])).await;
    for op in [
        Op::Accept,
        Op::Pass { seconds: 10 },
        Op::Accept,
        Op::ClockBack,
        Op::Accept,
        Op::Accept,
    ] {
        model.apply(&op).await;
        model.compare().await;
    }
    model.drain().await;
}

/// Neither at its age nor for want of memory: that it was erased is remembered.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_erased_before_it_has_ended_is_not_among_what_is_let_go_of() {
    let mut model = Model::new(RedisServer::start_with(&["--appendonly", "no"])).await;
    for op in [
        Op::Accept,
        Op::Remove { endpoint: 0 },
        Op::Erase { event: 0 },
        Op::Upkeep,
        Op::MakeRoom { bytes: 1 },
    ] {
        model.apply(&op).await;
        model.compare().await;
    }
    model.drain().await;
}
