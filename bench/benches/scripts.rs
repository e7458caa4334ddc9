//! What each script costs, from the call to its answer, against a real server that syncs its file at every write.
//!
//! Scripts that need something to be there before are measured with what makes it, and named so; `work` is measured
//! alone, for 32 deliveries at a time.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by a panic")]

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use domain::address::AddressPolicy;
use domain::clock::Timestamp;
use domain::endpoint::{EndpointPatch, EndpointUrl, NewEndpoint, UrlPolicy};
use domain::event::{EventType, Payload, Subscription};
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};
use domain::sealing::SealedSecret;
use e2e::redis_server::RedisServer;
use store::Store;
use store::events::{AcceptOutcome, Budgets, NewEvent, Push};
use store::log::{ListFilter, ListStatus, Listing};
use store::policy::Policy;
use store::queue::{AttemptRecord, Incarnation, Leased, Report, ReportedResult, WorkReply, WorkRequest};
use store::rates::EventLimits;
use store::replays::{ReplayOutcome, ReplaySpan, ReplayStatus, StartOutcome};
use store::rotation::{RotateOutcome, Rotation};
use store::test_events::{TestEventOutcome, TestEventRequest};
use tokio::runtime::Runtime;

/// Deliveries in one call of `work`.
const AT_ONCE: u32 = 32;

const BUDGETS: Budgets = Budgets {
    account_bytes: u64::MAX >> 12,
    parked_bytes: u64::MAX >> 12,
};

/// A store on a server of its own, with one account and one worker.
struct Scene {
    runtime: Runtime,
    store: Store,
    policy: Policy,
    account: AccountId,
    incarnation: Incarnation,
    /// Last, so that it outlives the store.
    _redis: RedisServer,
}

impl Scene {
    fn new() -> Self {
        let redis = RedisServer::start();
        Self {
            runtime: Runtime::new().unwrap(),
            store: Store::new(&redis.args()).unwrap(),
            policy: Policy {
                endpoint_concurrency: 1000,
                disable_after: 10,
                disable_min_span: Duration::ZERO,
                retention_succeeded: Duration::from_secs(86_400),
                retention_failed: Duration::from_secs(14 * 86_400),
                log_length: 1000,
                max_attempts: 10,
                delivery_timeout: Duration::from_secs(1800),
            },
            account: "org:org_1".parse().unwrap(),
            incarnation: Incarnation::random(),
            _redis: redis,
        }
    }

    fn with_endpoints(count: usize) -> (Self, Vec<EndpointId>) {
        let scene = Self::new();
        let ids = (0..count).map(|_| scene.new_endpoint());
        let ids: Vec<_> = ids
            .map(|new| {
                scene.block_on(scene.store.create_endpoint(&new, 1000)).unwrap();
                new.id
            })
            .collect();
        (scene, ids)
    }

    /// One endpoint whose log is full, and one of its deliveries.
    fn with_full_log() -> (Self, EndpointId, DeliveryId) {
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

    fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    fn new_endpoint(&self) -> NewEndpoint {
        let policy = UrlPolicy {
            allow_http: true,
            addresses: AddressPolicy::default(),
        };
        NewEndpoint {
            id: EndpointId::random(),
            account: self.account.clone(),
            url: EndpointUrl::parse("https://example.com/hook", &policy).unwrap(),
            events: vec![Subscription::All],
            chatbot_id: None,
            description: None,
            secret: SealedSecret::from_stored("v1.test.sealed".to_owned()),
        }
    }

    fn new_event(&self) -> NewEvent {
        NewEvent {
            id: EventId::new(Timestamp::now().as_millis()),
            account: self.account.clone(),
            event: EventType::LeadCaptured,
            chatbot_id: "bot_1".to_owned(),
            payload: payload(),
            idempotency: None,
        }
    }

    fn push(&self, count: u32) {
        let events: Vec<_> = (0..count).map(|_| self.new_event()).collect();
        self.block_on(self.accept(events));
    }

    async fn accept(&self, events: Vec<NewEvent>) {
        let push = Push {
            events,
            budgets: BUDGETS,
            limits: EventLimits::NONE,
        };
        for result in self.store.accept(push).await {
            assert!(matches!(result.unwrap().outcome, AcceptOutcome::Accepted(_)));
        }
    }

    async fn fetch(&self, sequence: u64) -> WorkReply {
        let reply = self.work(sequence, AT_ONCE, Vec::new()).await;
        assert_eq!(reply.leased.len(), AT_ONCE as usize);
        reply
    }

    async fn complete(&self, sequence: u64, leased: &[Leased]) {
        let attempt = AttemptRecord {
            status: Some(200),
            duration: Duration::from_millis(7),
            ..AttemptRecord::default()
        };
        let reports = leased.iter().map(|lease| Report {
            delivery: lease.delivery.clone(),
            token: lease.token.clone(),
            event: lease.event.event.clone(),
            result: ReportedResult::Succeeded(attempt.clone()),
        });
        self.work(sequence, 0, reports.collect()).await;
    }

    async fn work(&self, sequence: u64, want: u32, reports: Vec<Report>) -> WorkReply {
        let request = WorkRequest {
            sequence,
            reports,
            slow_endpoints: Vec::new(),
            want,
            want_slow: want / 2,
            free: 512,
            want_bytes: 64 << 20,
            suspects: 16,
            spare: EventId::new(Timestamp::now().as_millis()),
        };
        self.store
            .work(&self.incarnation, &self.policy, &request)
            .await
            .unwrap()
    }
}

fn payload() -> Payload {
    let data = format!(r#"{{"fill":"{}"}}"#, "x".repeat(500));
    Payload::build(EventType::LeadCaptured, "bot_1", Timestamp::now(), &data, 1 << 20).unwrap()
}

fn accept(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("accept, by endpoints that match");
    for endpoints in [1, 10, 100] {
        let (scene, _) = Scene::with_endpoints(endpoints);
        group.bench_function(BenchmarkId::from_parameter(endpoints), |bencher| {
            bencher.iter(|| scene.block_on(scene.accept(vec![scene.new_event()])));
        });
    }
    group.finish();
}

fn work(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("work, 32 deliveries");
    group.throughput(Throughput::Elements(AT_ONCE.into()));
    for (name, measures_fetch) in [("fetch", true), ("complete", false)] {
        let (scene, _) = Scene::with_endpoints(1);
        let mut sequence = 0;
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    scene.push(AT_ONCE);
                    sequence += 2;
                    let began = Instant::now();
                    let leased = scene.block_on(scene.fetch(sequence)).leased;
                    let fetched = Instant::now();
                    scene.block_on(scene.complete(sequence + 1, &leased));
                    spent += if measures_fetch {
                        fetched - began
                    } else {
                        fetched.elapsed()
                    };
                }
                spent
            });
        });
    }
    group.finish();
    let (scene, _) = Scene::with_endpoints(1);
    criterion.bench_function("upkeep, nothing to do", |bencher| {
        bencher.iter(|| scene.block_on(scene.store.upkeep(&scene.policy)).unwrap());
    });
}

fn endpoints(criterion: &mut Criterion) {
    let (scene, ids) = Scene::with_endpoints(100);
    let (store, account, id) = (&scene.store, &scene.account, &ids[0]);
    criterion.bench_function("endpoint_create and endpoint_remove", |bencher| {
        bencher.iter(|| {
            let new = scene.new_endpoint();
            scene.block_on(store.create_endpoint(&new, 1000)).unwrap();
            scene.block_on(store.remove_endpoint(account, &new.id)).unwrap()
        });
    });
    criterion.bench_function("endpoint_list, 100", |bencher| {
        bencher.iter(|| scene.block_on(store.list_endpoints(account)).unwrap());
    });
    criterion.bench_function("endpoint_list, one", |bencher| {
        bencher.iter(|| scene.block_on(store.get_endpoint(account, id)).unwrap().unwrap());
    });
    let patch = EndpointPatch {
        description: Some(Some("measured".to_owned())),
        ..EndpointPatch::default()
    };
    criterion.bench_function("endpoint_update", |bencher| {
        bencher.iter(|| {
            scene
                .block_on(store.update_endpoint(account, id, &patch))
                .unwrap()
                .unwrap()
        });
    });
    // The endpoint's first secret has no number, and each rotation brings the next one.
    let mut number = 0;
    criterion.bench_function("endpoint_rotate", |bencher| {
        bencher.iter(|| {
            number += 1;
            let rotation = Rotation {
                secret: SealedSecret::from_stored(format!("v2.00000000.{number}.sealed")),
                grace: Duration::ZERO,
                legacy_uses_previous: false,
                force: true,
            };
            let outcome = scene.block_on(store.rotate_secret(account, id, &rotation));
            assert!(matches!(outcome.unwrap(), RotateOutcome::Rotated(_)));
        });
    });
    criterion.bench_function("account_summary, 100 endpoints", |bencher| {
        bencher.iter(|| scene.block_on(store.account_facts(account)).unwrap());
    });
}

fn log(criterion: &mut Criterion) {
    let (scene, id, delivery) = Scene::with_full_log();
    let (store, account) = (&scene.store, &scene.account);
    criterion.bench_function("endpoint_health, full log", |bencher| {
        bencher.iter(|| {
            scene
                .block_on(store.endpoint_facts(account, &id))
                .unwrap()
                .unwrap()
        });
    });
    let page = |filter: ListFilter| {
        let page = scene.block_on(store.list_deliveries(&Listing {
            account,
            endpoint: &id,
            filter: &filter,
            position: None,
            limit: 100,
        }));
        page.unwrap().unwrap()
    };
    assert_eq!(page(ListFilter::default()).deliveries.len(), 100);
    criterion.bench_function("log_page, 100", |bencher| {
        bencher.iter(|| page(ListFilter::default()));
    });
    let of = |status| ListFilter {
        status: Some(status),
        ..ListFilter::default()
    };
    criterion.bench_function("log_page, nothing matches", |bencher| {
        bencher.iter(|| page(of(ListStatus::Retrying)));
    });
    scene.push(1000);
    assert_eq!(page(of(ListStatus::Pending)).deliveries.len(), 100);
    criterion.bench_function("log_waiting, 100", |bencher| {
        bencher.iter(|| page(of(ListStatus::Pending)));
    });
    criterion.bench_function("delivery_get", |bencher| {
        bencher.iter(|| {
            scene
                .block_on(store.get_delivery(account, &id, &delivery))
                .unwrap()
        });
    });
}

fn replays(criterion: &mut Criterion) {
    let (scene, id, delivery) = Scene::with_full_log();
    let (store, account) = (&scene.store, &scene.account);
    criterion.bench_function("replay_one", |bencher| {
        bencher.iter(|| {
            let new = delivery.replay();
            let outcome = scene.block_on(store.replay_delivery(account, &delivery, &new, BUDGETS));
            assert_eq!(outcome.unwrap(), ReplayOutcome::Pending);
        });
    });
    let now = Timestamp::now();
    let span = ReplaySpan {
        status: ReplayStatus::Succeeded,
        since: Timestamp::from_millis(0).unwrap(),
        until: now,
    };
    criterion.bench_function("replay_start and replay_cancel", |bencher| {
        bencher.iter(|| {
            let replay = ReplayId::new(Timestamp::now().as_millis());
            let started = scene.block_on(store.start_replay(account, &id, &replay, &span, BUDGETS));
            assert!(matches!(started.unwrap(), StartOutcome::Started(_)));
            scene
                .block_on(store.cancel_replay(account, &id, &replay))
                .unwrap()
                .unwrap()
        });
    });
}

fn test_events(criterion: &mut Criterion) {
    let (scene, ids) = Scene::with_endpoints(1);
    let (store, listener) = (&scene.store, scene.store.listener());
    criterion.bench_function(
        "test_event_request, test_event_begin and test_event_finish",
        |bencher| {
            bencher.iter(|| {
                scene.block_on(async {
                    let request = TestEventRequest {
                        delivery: DeliveryId::of(&EventId::new(Timestamp::now().as_millis()), &ids[0]),
                        account: scene.account.clone(),
                        event: EventType::LeadCaptured,
                        payload: payload(),
                    };
                    let outcome = store.request_test_event(&request, u32::MAX).await.unwrap();
                    assert_eq!(outcome, TestEventOutcome::Queued);
                    let taken = store
                        .next_test_event(&listener, Duration::from_secs(5))
                        .await
                        .unwrap();
                    let test_event = store.begin_test_event(&taken.unwrap()).await.unwrap().unwrap();
                    let attempt = AttemptRecord::default();
                    store
                        .finish_test_event(&test_event, 1000, &attempt)
                        .await
                        .unwrap();
                });
            });
        },
    );
}

criterion_group! {
    name = all;
    // What varies most is the disk, and more samples of the same minute don't help.
    config = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = accept, work, endpoints, log, replays, test_events
}
criterion_main!(all);
