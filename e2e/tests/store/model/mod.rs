//! The queue against a model: random sequences of every script, with lost answers, repeats, crashes, clock steps and
//! several workers. After each step the stored state passes the check, and is what the model says.
//!
//! Proves (guarantees): a replay of many is interrupted by a worker's death
//! Proves (guarantees): what is parked ends as exhausted, wherever it waits and whoever switched its endpoint off
//! Proves (guarantees): what is being released is discarded, or parked again, as its owner says last
//! Proves (guarantees): any sequence of calls, lost answers, crashes and clock steps
//! Proves (guarantees): the log says what the queue did
//! Proves (guarantees): a page of the log never repeats or skips a delivery because something arrived

mod listing;
mod parked;
mod releases;
mod replays;
mod suspects;

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use domain::endpoint::{EndpointPatch, EndpointState, EndpointUrl, ParkedAction, UrlPolicy};
use domain::id::{DeliveryId, EndpointId, EventId};
use domain::sealing::SealedSecret;
use e2e::redis_server::RedisServer;
use proptest::prelude::*;
use store::check::{Place, Snapshot, judge};
use store::queue::{Leased, ReportResult, ReportedResult, UpkeepReply, WorkReply, WorkRequest};
use store::rotation::{RotateOutcome, Rotation};

use crate::fixture::{Fixture, Worker, account, failed, gone, report, succeeded, wants};
use listing::Listing;
use replays::ModelReplay;
use suspects::{MOST_SUSPECTS, Suspects};

const CAP: u32 = 3;
const DISABLE_AFTER: u32 = 3;
const RETRY_SECONDS: u64 = 40;

#[derive(Debug, Clone)]
enum Op {
    Create,
    Accept,
    Fetch {
        worker: usize,
        want: u32,
    },
    Report {
        worker: usize,
        lease: usize,
        outcome: Outcome,
    },
    /// The answer to the worker's last call was lost: it is sent again.
    Repeat {
        worker: usize,
    },
    /// The worker dies, and another takes its place.
    Crash {
        worker: usize,
    },
    Pass {
        seconds: u64,
    },
    ClockBack,
    Upkeep,
    /// Upkeep while memory is short.
    MakeRoom {
        bytes: u64,
    },
    Switch {
        endpoint: usize,
        active: bool,
        discard: bool,
    },
    ChangeUrl {
        endpoint: usize,
    },
    Remove {
        endpoint: usize,
    },
    MarkSlow {
        endpoint: usize,
    },
    /// One finished delivery is sent again by hand; the call is repeated.
    ReplayOne {
        delivery: usize,
    },
    /// All that was given up is sent again, in steps of upkeep.
    ReplayMany {
        endpoint: usize,
    },
    CancelReplay {
        endpoint: usize,
    },
    Rotate {
        endpoint: usize,
        force: bool,
    },
    /// The next page of a listing that was begun before, or the first of another one.
    List {
        endpoint: usize,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Succeeded,
    Failed,
    FailedForGood,
    Gone,
    GivenBack,
    Crashed,
}

fn op() -> impl Strategy<Value = Op> {
    let outcome = prop_oneof![
        5 => Just(Outcome::Succeeded),
        4 => Just(Outcome::Failed),
        1 => Just(Outcome::FailedForGood),
        1 => Just(Outcome::Gone),
        1 => Just(Outcome::GivenBack),
        2 => Just(Outcome::Crashed),
    ];
    prop_oneof![
        1 => Just(Op::Create),
        6 => Just(Op::Accept),
        6 => (0..3_usize, 1..16_u32).prop_map(|(worker, want)| Op::Fetch { worker, want }),
        10 => (0..3_usize, 0..8_usize, outcome).prop_map(|(worker, lease, outcome)| Op::Report { worker, lease, outcome }),
        2 => (0..3_usize).prop_map(|worker| Op::Repeat { worker }),
        1 => (0..3_usize).prop_map(|worker| Op::Crash { worker }),
        3 => (1..50_u64).prop_map(|seconds| Op::Pass { seconds }),
        1 => Just(Op::ClockBack),
        3 => Just(Op::Upkeep),
        1 => (1..4000_u64).prop_map(|bytes| Op::MakeRoom { bytes }),
        2 => (0..4_usize, any::<bool>(), any::<bool>()).prop_map(|(endpoint, active, discard)| Op::Switch { endpoint, active, discard }),
        1 => (0..4_usize).prop_map(|endpoint| Op::ChangeUrl { endpoint }),
        1 => (0..4_usize).prop_map(|endpoint| Op::Remove { endpoint }),
        1 => (0..4_usize).prop_map(|endpoint| Op::MarkSlow { endpoint }),
        2 => any::<usize>().prop_map(|delivery| Op::ReplayOne { delivery }),
        2 => (0..4_usize).prop_map(|endpoint| Op::ReplayMany { endpoint }),
        1 => (0..4_usize).prop_map(|endpoint| Op::CancelReplay { endpoint }),
        1 => (0..4_usize, any::<bool>()).prop_map(|(endpoint, force)| Op::Rotate { endpoint, force }),
        6 => (0..4_usize).prop_map(|endpoint| Op::List { endpoint }),
    ]
}

/// Where a delivery is, as far as anyone outside can tell.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    Waiting,
    Leased,
    Succeeded,
    Exhausted,
    Canceled,
}

#[derive(Debug)]
struct ModelDelivery {
    fate: Fate,
    attempts: u32,
    /// Model time before which it must not be attempted again.
    not_before: u64,
    /// It was asked for by hand: its failures are no strikes.
    is_manual: bool,
}

impl ModelDelivery {
    const fn new(is_manual: bool) -> Self {
        Self {
            fate: Fate::Waiting,
            attempts: 0,
            not_before: 0,
            is_manual,
        }
    }

    /// Whether the log knows of it.
    fn is_logged(&self) -> bool {
        self.attempts > 0 || matches!(self.fate, Fate::Succeeded | Fate::Exhausted)
    }
}

#[derive(Debug)]
struct ModelEndpoint {
    id: EndpointId,
    state: EndpointState,
    failures: u32,
    generation: u32,
    urls: u32,
    probing: bool,
}

struct HeldLease {
    leased: Leased,
    sequence: u64,
    generation: u32,
}

struct ModelWorker {
    worker: Worker,
    held: Vec<HeldLease>,
    last: Option<(WorkRequest, WorkReply)>,
}

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
}

impl Model {
    async fn new(redis: RedisServer) -> Self {
        let mut fixture = Fixture::on(redis).await;
        fixture.policy.endpoint_concurrency = CAP;
        fixture.policy.disable_after = DISABLE_AFTER;
        fixture.policy.retention_succeeded = Duration::from_secs(100);
        let workers = (0..3)
            .map(|_| ModelWorker {
                worker: Worker::new(),
                held: vec![],
                last: None,
            })
            .collect();
        let mut model = Self {
            fixture,
            now: 0,
            endpoints: vec![],
            deliveries: HashMap::new(),
            workers,
            listing: None,
            replays: vec![],
            suspects: Suspects::default(),
            gone: HashSet::new(),
        };
        model.fixture.announce().await;
        model.create().await;
        model.create().await;
        model
    }

    async fn apply(&mut self, op: &Op) {
        match *op {
            Op::Create if self.endpoints.len() < 4 => self.create().await,
            Op::Create => {}
            Op::Accept => self.accept().await,
            Op::Fetch { worker, want } => self.fetch(worker, want).await,
            Op::Report {
                worker,
                lease,
                outcome,
            } => self.report(worker, lease, outcome).await,
            Op::Repeat { worker } => self.repeat(worker).await,
            Op::Crash { worker } => {
                self.workers[worker] = ModelWorker {
                    worker: Worker::new(),
                    held: vec![],
                    last: None,
                };
            }
            Op::Pass { seconds } => {
                self.fixture.pass(Duration::from_secs(seconds)).await;
                self.now += seconds * 1000;
            }
            Op::ClockBack => self.fixture.step_clock(-3_600_000).await,
            Op::Upkeep => {
                self.upkeep(0).await;
            }
            Op::MakeRoom { bytes } => {
                self.upkeep(bytes).await;
            }
            Op::Switch {
                endpoint,
                active,
                discard,
            } => self.switch(endpoint, active, discard).await,
            Op::ChangeUrl { endpoint } => self.change_url(endpoint).await,
            Op::Remove { endpoint } => self.remove(endpoint).await,
            Op::MarkSlow { endpoint } => {
                let Some(id) = self.endpoints.get(endpoint).map(|endpoint| endpoint.id.clone()) else {
                    return;
                };
                self.call(
                    0,
                    WorkRequest {
                        slow_endpoints: vec![id],
                        ..wants(0)
                    },
                )
                .await;
            }
            Op::ReplayOne { delivery } => self.replay_one(delivery).await,
            Op::ReplayMany { endpoint } => self.replay_many(endpoint).await,
            Op::CancelReplay { endpoint } => self.cancel_replay(endpoint).await,
            Op::Rotate { endpoint, force } => self.rotate(endpoint, force).await,
            Op::List { endpoint } => self.list(endpoint).await,
        }
    }

    fn state_of(&self, id: &EndpointId) -> EndpointState {
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id == *id);
        endpoint.expect("the endpoint exists").state
    }

    async fn rotate(&mut self, endpoint: usize, force: bool) {
        let Some(endpoint) = self.endpoints.get(endpoint).map(|endpoint| endpoint.id.clone()) else {
            return;
        };
        let before = self.fixture.hash(&format!("endpoint:{endpoint}")).await;
        let rotation = Rotation {
            secret: SealedSecret::from_stored(format!(
                "v2.0123abcd.{}.{}",
                SealedSecret::from_stored(before["secret"].clone()).number() + 1,
                EndpointId::random()
            )),
            grace: Duration::from_secs(60),
            legacy_uses_previous: false,
            force,
        };
        let mut outcome = None;
        for _ in 0..2 {
            let made = self
                .fixture
                .store
                .rotate_secret(&account(), &endpoint, &rotation)
                .await;
            outcome = Some(made.unwrap());
        }
        let secrets = self.fixture.store.signing_secrets(&account(), &endpoint).await;
        let secrets = secrets.unwrap().unwrap();
        match outcome {
            Some(RotateOutcome::Rotated(_)) => {
                assert_eq!(secrets.current, rotation.secret);
                assert_eq!(secrets.previous.unwrap().secret.as_str(), before["secret"]);
            }
            Some(RotateOutcome::InGrace(_)) => {
                assert!(!force);
                assert_eq!(secrets.current.as_str(), before["secret"]);
            }
            other => panic!("{other:?}"),
        }
    }

    async fn create(&mut self) {
        let id = self.fixture.endpoint(&["*"]).await;
        self.endpoints.push(ModelEndpoint {
            id,
            state: EndpointState::Active,
            failures: 0,
            generation: 1,
            urls: 0,
            probing: false,
        });
    }

    async fn accept(&mut self) {
        let accepted = self.fixture.push().await;
        let takers: Vec<_> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.state != EndpointState::Off)
            .collect();
        assert_eq!(accepted.deliveries as usize, takers.len());
        for endpoint in takers {
            let delivery = DeliveryId::of(&accepted.id, &endpoint.id);
            self.deliveries.insert(delivery, ModelDelivery::new(false));
        }
    }

    /// A fetch that has room for suspects and every endpoint's share serves every endpoint that is ready.
    async fn fetch(&mut self, worker: usize, want: u32) {
        let before = self.snapshot().await;
        let reply = self.call(worker, wants(want)).await;
        let in_lanes = before.ready.len() + before.ready_slow.len();
        if want as usize >= in_lanes * CAP as usize + MOST_SUSPECTS as usize {
            for id in before.ready.keys() {
                let endpoint = &before.endpoints[id];
                let cap = if endpoint.probing { 1 } else { i64::from(CAP) };
                let served = reply
                    .leased
                    .iter()
                    .any(|leased| leased.endpoint.id.as_str() == id.as_str());
                let here = Place::Pending(id.parse().unwrap());
                let mut waiting = before.places.iter().filter(|(_, places)| places.contains(&here));
                let only_suspects =
                    waiting.all(|(delivery, _)| self.suspects.is_suspect(&delivery.to_string()));
                assert!(
                    served || endpoint.in_flight >= cap || only_suspects,
                    "{id} was ready and got nothing"
                );
            }
        }
    }

    /// A new call of a worker; gives back the results of its reports.
    async fn call(&mut self, worker: usize, request: WorkRequest) -> WorkReply {
        let held = &mut self.workers[worker];
        held.worker.sequence += 1;
        let request = WorkRequest {
            sequence: held.worker.sequence,
            suspects: MOST_SUSPECTS,
            ..request
        };
        let reply = self
            .fixture
            .store
            .work(&held.worker.incarnation, &self.fixture.policy, &request)
            .await
            .unwrap();
        let sequence = request.sequence;
        held.last = Some((request, reply.clone()));
        let incarnation = held.worker.incarnation.clone();
        self.suspects.leased(&incarnation, sequence, &reply);
        for leased in &reply.leased {
            self.leased(worker, sequence, leased);
        }
        reply
    }

    fn leased(&mut self, worker: usize, sequence: u64, leased: &Leased) {
        let endpoint = self
            .endpoints
            .iter()
            .find(|endpoint| endpoint.id == leased.endpoint.id);
        let endpoint = endpoint.unwrap_or_else(|| panic!("{} was removed", leased.endpoint.id));
        assert_eq!(
            endpoint.state,
            EndpointState::Active,
            "only active endpoints are served"
        );
        assert!(leased.endpoint.url.ends_with(&format!("/{}", endpoint.urls)) || endpoint.urls == 0);
        let delivery = self
            .deliveries
            .get_mut(&leased.delivery)
            .expect("a delivery that was accepted");
        assert_eq!(
            delivery.fate,
            Fate::Waiting,
            "{} is handed out once",
            leased.delivery
        );
        assert_eq!(leased.attempt, delivery.attempts + 1);
        // The real clock runs on beside the model's.
        assert!(
            delivery.not_before <= self.now + 20_000,
            "{} came before it was due",
            leased.delivery
        );
        delivery.fate = Fate::Leased;
        let generation = endpoint.generation;
        self.workers[worker].held.push(HeldLease {
            leased: leased.clone(),
            sequence,
            generation,
        });
    }

    async fn report(&mut self, worker: usize, lease: usize, outcome: Outcome) {
        if self.workers[worker].held.is_empty() {
            return;
        }
        let index = lease % self.workers[worker].held.len();
        let held = self.workers[worker].held.remove(index);
        let result = match outcome {
            Outcome::Succeeded => succeeded(),
            Outcome::Failed => failed(Some(RETRY_SECONDS)),
            Outcome::FailedForGood => failed(None),
            Outcome::Gone => gone(),
            Outcome::GivenBack => ReportedResult::GivenBack,
            Outcome::Crashed => ReportedResult::Crashed,
        };
        let stands = self
            .snapshot()
            .await
            .tokens
            .contains(held.leased.delivery.as_str())
            && self.deliveries[&held.leased.delivery].fate == Fate::Leased
            && self.is_holder(&held.leased).await;
        let request = WorkRequest {
            reports: vec![report(&held.leased, result)],
            ..wants(0)
        };
        // A call that only reports leases nothing, so what it let go of is told first.
        let incarnation = self.workers[worker].worker.incarnation.clone();
        let was_suspect = self
            .suspects
            .done(&incarnation, held.sequence, &held.leased.delivery);
        let result = self.call(worker, request).await.results[0];
        let expected = if stands {
            self.record(&held, outcome, was_suspect)
        } else {
            ReportResult::Stale
        };
        assert_eq!(result, expected, "{outcome:?} of {}", held.leased.delivery);
    }

    /// Whether the lease is the one that stands: the delivery may have been leased again.
    async fn is_holder(&self, leased: &Leased) -> bool {
        let token: Option<String> = self
            .fixture
            .command(
                redis::cmd("HGET")
                    .arg("wh:{0}:tokens")
                    .arg(leased.delivery.as_str()),
            )
            .await;
        token.is_some_and(|token| format!("{:?}", leased.token).contains(&token))
    }

    fn record(&mut self, held: &HeldLease, outcome: Outcome, was_suspect: bool) -> ReportResult {
        let delivery = self.deliveries.get_mut(&held.leased.delivery).unwrap();
        let Some(endpoint) = self
            .endpoints
            .iter_mut()
            .find(|endpoint| endpoint.id == held.leased.endpoint.id)
        else {
            delivery.fate = Fate::Canceled;
            return ReportResult::Recorded;
        };
        let is_current = endpoint.state == EndpointState::Active && endpoint.generation == held.generation;
        let counts = is_current && (outcome == Outcome::Succeeded || !delivery.is_manual);
        match outcome {
            Outcome::Succeeded => {
                delivery.fate = Fate::Succeeded;
                if counts {
                    (endpoint.failures, endpoint.probing) = (0, false);
                }
            }
            Outcome::GivenBack => delivery.fate = Fate::Waiting,
            Outcome::Crashed => {
                delivery.fate = Fate::Waiting;
                self.suspects.blame(&held.leased.delivery);
            }
            Outcome::Failed | Outcome::FailedForGood | Outcome::Gone => {
                delivery.attempts += 1;
                delivery.fate = if outcome == Outcome::FailedForGood {
                    Fate::Exhausted
                } else {
                    Fate::Waiting
                };
                let wait = if outcome == Outcome::Gone {
                    5
                } else {
                    RETRY_SECONDS
                };
                delivery.not_before = self.now + wait * 1000;
                if was_suspect {
                    self.suspects.acquit(&held.leased.delivery);
                }
                if counts {
                    endpoint.failures += 1;
                    endpoint.probing = true;
                    if outcome == Outcome::Gone || endpoint.failures >= DISABLE_AFTER {
                        endpoint.state = EndpointState::Disabled;
                        return ReportResult::DisabledEndpoint;
                    }
                }
            }
        }
        ReportResult::Recorded
    }

    async fn repeat(&mut self, worker: usize) {
        let Some((request, first)) = self.workers[worker].last.clone() else {
            return;
        };
        let incarnation = self.workers[worker].worker.incarnation.clone();
        let again = self
            .fixture
            .store
            .work(&incarnation, &self.fixture.policy, &request)
            .await
            .unwrap();
        assert_eq!(again.results, first.results, "the same call has the same answer");
        // Leases that were lost or reported since are not handed out again, the others are, with the same token.
        for leased in &again.leased {
            assert!(
                first
                    .leased
                    .iter()
                    .any(|one| one.delivery == leased.delivery && one.token == leased.token)
            );
        }
        let still: Vec<_> = self.workers[worker]
            .held
            .iter()
            .map(|held| held.leased.clone())
            .collect();
        let sequence = request.sequence;
        for leased in first.leased {
            let expected = still
                .iter()
                .any(|held| held.token == leased.token && held.delivery == leased.delivery)
                && self.is_holder(&leased).await
                && self
                    .endpoints
                    .iter()
                    .any(|endpoint| endpoint.id == leased.endpoint.id);
            assert_eq!(
                again.leased.iter().any(|one| one.delivery == leased.delivery),
                expected,
                "{}",
                leased.delivery
            );
            if !expected {
                self.suspects.done(&incarnation, sequence, &leased.delivery);
            }
        }
    }

    async fn upkeep(&mut self, room: u64) -> UpkeepReply {
        let before = self.snapshot().await;
        let store = &self.fixture.store;
        let reply = store.upkeep_step(&self.fixture.policy, None, room).await.unwrap();
        let after = self.snapshot().await;
        self.released(&before, &after, &reply, room);
        let lost: Vec<_> = before.tokens.difference(&after.tokens).collect();
        assert_eq!(lost.len(), reply.reaped as usize);
        for delivery in lost {
            let delivery: DeliveryId = delivery.parse().unwrap();
            let exists = self
                .endpoints
                .iter()
                .any(|endpoint| endpoint.id == delivery.endpoint());
            if exists {
                self.suspects.expired(&delivery);
            }
            self.deliveries.get_mut(&delivery).unwrap().fate =
                if exists { Fate::Waiting } else { Fate::Canceled };
        }
        self.meet_replays().await;
        reply
    }

    async fn switch(&mut self, endpoint: usize, active: bool, discard: bool) {
        let Some(endpoint) = self.endpoints.get_mut(endpoint) else {
            return;
        };
        let parked = if discard {
            ParkedAction::Discard
        } else {
            ParkedAction::Deliver
        };
        self.fixture.switch(&endpoint.id, active, parked).await;
        if active && endpoint.state != EndpointState::Active {
            (endpoint.state, endpoint.failures, endpoint.probing) = (EndpointState::Active, 0, true);
            endpoint.generation += 1;
            let waiting = self
                .deliveries
                .iter_mut()
                .filter(|(id, delivery)| id.endpoint() == endpoint.id && delivery.fate == Fate::Waiting);
            for (_, delivery) in waiting {
                if discard {
                    delivery.fate = Fate::Canceled;
                } else {
                    delivery.not_before = 0;
                }
            }
        } else if !active {
            endpoint.state = EndpointState::Off;
        }
    }

    async fn change_url(&mut self, endpoint: usize) {
        let Some(endpoint) = self.endpoints.get_mut(endpoint) else {
            return;
        };
        endpoint.urls += 1;
        endpoint.generation += 1;
        let url = EndpointUrl::parse(
            &format!("https://example.com/{}", endpoint.urls),
            &UrlPolicy::default(),
        )
        .unwrap();
        let patch = EndpointPatch {
            url: Some(url),
            ..EndpointPatch::default()
        };
        self.fixture
            .store
            .update_endpoint(&account(), &endpoint.id, &patch)
            .await
            .unwrap()
            .unwrap();
    }

    async fn remove(&mut self, endpoint: usize) {
        if endpoint >= self.endpoints.len() || self.endpoints.len() == 1 {
            return;
        }
        let removed = self.endpoints.remove(endpoint);
        assert!(
            self.fixture
                .store
                .remove_endpoint(&account(), &removed.id)
                .await
                .unwrap()
        );
        let waiting = self
            .deliveries
            .iter_mut()
            .filter(|(id, delivery)| id.endpoint() == removed.id && delivery.fate == Fate::Waiting);
        for (_, delivery) in waiting {
            delivery.fate = Fate::Canceled;
        }
    }

    async fn snapshot(&self) -> Snapshot {
        self.fixture.store.snapshot(&|_| {}).await.unwrap()
    }

    /// The stored state is sound, and what the model says.
    async fn compare(&self) {
        let snapshot = self.snapshot().await;
        let violations = judge(&snapshot);
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
                snapshot.endpoints[endpoint.id.as_str()].probing,
                endpoint.probing,
                "{}",
                endpoint.id
            );
            assert!(snapshot.endpoints[endpoint.id.as_str()].in_flight <= i64::from(CAP));
        }
        for (id, delivery) in &self.deliveries {
            let places = snapshot.places.of(id.as_str());
            let fits = match delivery.fate {
                Fate::Waiting => {
                    places
                        .iter()
                        .all(|place| place.is_unfinished() && *place != Place::Leased)
                        && places.len() == 1
                }
                Fate::Leased => places == [Place::Leased],
                Fate::Succeeded => places.is_empty(),
                Fate::Exhausted => places.iter().all(|place| !place.is_unfinished()),
                // Until upkeep has worked through it.
                Fate::Canceled => places.iter().all(|place| matches!(place, Place::SetAside(_))),
            };
            assert!(fits, "{id} is {:?} and in {places:?}", delivery.fate);
        }
        self.compare_suspects().await;
    }

    /// Everything that waits arrives once the receivers are well.
    async fn drain(&mut self) {
        for worker in 0..self.workers.len() {
            while !self.workers[worker].held.is_empty() {
                self.report(worker, 0, Outcome::GivenBack).await;
            }
        }
        for endpoint in 0..self.endpoints.len() {
            self.switch(endpoint, true, false).await;
        }
        for _ in 0..400 {
            self.fixture.pass(Duration::from_secs(9)).await;
            self.now += 9000;
            self.upkeep(0).await;
            self.call(0, wants(64)).await;
            while !self.workers[0].held.is_empty() {
                self.report(0, 0, Outcome::Succeeded).await;
            }
            self.compare().await;
            let is_done = self
                .deliveries
                .values()
                .all(|delivery| !matches!(delivery.fate, Fate::Waiting | Fate::Leased));
            if is_done && self.snapshot().await.replaying.is_empty() {
                break;
            }
        }
        for (id, delivery) in &self.deliveries {
            assert!(
                !matches!(delivery.fate, Fate::Waiting | Fate::Leased),
                "{id} never arrived: {delivery:?}"
            );
        }
        while self
            .fixture
            .store
            .upkeep(&self.fixture.policy)
            .await
            .unwrap()
            .more
        {}
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
    proptest!(config, |(ops in proptest::collection::vec(op(), 10..90), ages in any::<bool>())| {
        runtime.block_on(async {
            // Nothing here depends on what survives a crash of the server.
            let mut model = Model::new(RedisServer::start_with(&["--appendonly", "no"])).await;
            for op in &ops {
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
