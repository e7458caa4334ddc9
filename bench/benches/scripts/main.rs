//! What each script costs, from the call to its answer, against a real server that syncs its file at every write.
//!
//! Scripts that need something to be there before are measured with what makes it, and named so; `work` is measured
//! alone, for 32 deliveries at a time.
#![expect(clippy::unwrap_used, reason = "a benchmark fails by a panic")]

mod scene;

use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use domain::clock::Timestamp;
use domain::endpoint::{Condition, EndpointPatch};
use domain::event::{EventType, Subscription};
use domain::id::{DeliveryId, EventId, ReplayId};
use domain::sealing::SealedSecret;
use store::log::{ListFilter, ListStatus, Listing};
use store::queue::AttemptRecord;
use store::replays::{ReplayOutcome, ReplaySpan, ReplayStatus, StartOutcome};
use store::rotation::{RotateOutcome, Rotation};
use store::test_events::{TestEventOutcome, TestEventRequest};

use scene::{AT_ONCE, BUDGETS, Scene, payload};

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
                condition: Condition::Exists,
                by: None,
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
        events: Vec::new(),
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
                        event: Subscription::Only(EventType::LEAD_CAPTURED),
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
