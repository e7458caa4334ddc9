//! Fair shares: turns, caps, probing, the slow lane and the byte budget.
//!
//! Proves (security): Hanging receivers don't take the slots of others

use std::collections::HashMap;
use std::time::Duration;

use domain::event::EventType;
use domain::id::EndpointId;
use store::queue::{AttemptRecord, Leased, Outcome, WorkRequest};

use crate::fixture::{Fixture, Worker, event_of, failed, given_back, report, succeeded, wants};

fn by_endpoint(leased: &[Leased]) -> HashMap<EndpointId, usize> {
    let mut counts = HashMap::new();
    for leased in leased {
        *counts.entry(leased.endpoint.id.clone()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn a_backlog_of_one_endpoint_does_not_hold_up_another() {
    let fixture = Fixture::new().await;
    let busy = fixture.endpoint(&["message.sent"]).await;
    let quiet = fixture.endpoint(&["lead.captured"]).await;
    for _ in 0..500 {
        fixture
            .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
            .await;
    }
    let mut worker = Worker::new();
    assert_eq!(by_endpoint(&fixture.fetch(&mut worker, 8).await)[&busy], 8);
    fixture.push().await;
    assert_eq!(
        by_endpoint(&fixture.fetch(&mut worker, 8).await).get(&quiet),
        Some(&1)
    );
}

#[tokio::test]
async fn endpoints_share_what_is_fetched() {
    let fixture = Fixture::new().await;
    let mut endpoints = vec![];
    for _ in 0..4 {
        endpoints.push(fixture.endpoint(&["*"]).await);
    }
    fixture.push_many(100).await;
    let counts = by_endpoint(&fixture.fetch(&mut Worker::new(), 64).await);
    assert!(
        endpoints.iter().all(|endpoint| counts[endpoint] == 16),
        "{counts:?}"
    );
}

#[tokio::test]
async fn an_endpoint_has_at_most_its_cap_in_flight() {
    let mut fixture = Fixture::new().await;
    fixture.policy.endpoint_concurrency = 5;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push_many(20).await;
    let mut worker = Worker::new();
    let first = fixture.fetch(&mut worker, 64).await;
    assert_eq!(first.len(), 5);
    let reply = fixture.work(&mut worker, wants(64)).await;
    assert!(reply.leased.is_empty() && !reply.more);
    assert!(fixture.sorted("ready").await.is_empty());
    // An event that arrives meanwhile does not lift the cap.
    fixture.push().await;
    assert!(fixture.fetch(&mut Worker::new(), 64).await.is_empty());
    let reports = first[..2]
        .iter()
        .map(|leased| report(leased, succeeded()))
        .collect();
    let reply = fixture
        .work(&mut worker, WorkRequest { reports, ..wants(64) })
        .await;
    assert_eq!(reply.leased.len(), 2);
    assert_eq!(
        fixture.hash(&format!("endpoint:{endpoint}")).await["inFlight"],
        "5"
    );
}

#[tokio::test]
async fn after_a_strike_an_endpoint_starts_slowly_with_one_at_a_time() {
    let (fixture, _) = Fixture::with_events(20).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, failed(Some(60))).await;
    let probe = fixture.fetch(&mut worker, 64).await;
    assert_eq!(probe.len(), 1);
    assert!(fixture.fetch(&mut worker, 64).await.is_empty());
    fixture.report(&mut worker, &probe[0], succeeded()).await;
    for twice_as_many in [2, 4, 8] {
        let leased = fixture.fetch(&mut worker, 64).await;
        assert_eq!(leased.len(), twice_as_many);
        fixture.report(&mut worker, &leased[0], succeeded()).await;
        for leased in &leased[1..] {
            fixture.report(&mut worker, leased, given_back(0)).await;
        }
    }
}

#[tokio::test]
async fn slow_endpoints_get_only_the_slots_that_are_spared_for_them() {
    let fixture = Fixture::new().await;
    let slow = fixture.endpoint(&["message.sent"]).await;
    let quick = fixture.endpoint(&["lead.captured"]).await;
    let mut worker = Worker::new();
    fixture
        .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
        .await;
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    let took_long = AttemptRecord {
        status: Some(200),
        duration: Duration::from_millis(1001),
        ..AttemptRecord::default()
    };
    fixture
        .report(&mut worker, &leased, Outcome::Succeeded(took_long))
        .await;
    fixture.end_slow_start(&slow).await;
    for _ in 0..20 {
        fixture
            .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
            .await;
    }
    fixture.push_many(3).await;
    assert_eq!(fixture.sorted("ready:slow").await, [slow.to_string()]);

    let reply = fixture
        .work(
            &mut worker,
            WorkRequest {
                want_slow: 0,
                ..wants(10)
            },
        )
        .await;
    assert_eq!(by_endpoint(&reply.leased), HashMap::from([(quick.clone(), 3)]));
    assert!(!reply.more, "what it can't take is no reason to ask again");
    let some = fixture
        .work(
            &mut worker,
            WorkRequest {
                want_slow: 2,
                ..wants(10)
            },
        )
        .await
        .leased;
    assert_eq!(by_endpoint(&some), HashMap::from([(slow.clone(), 2)]));
    assert!(some.iter().all(|leased| leased.endpoint.slow));

    // After one quick answer it is like any other endpoint.
    fixture.report(&mut worker, &some[0], succeeded()).await;
    let reply = fixture
        .work(
            &mut worker,
            WorkRequest {
                want_slow: 0,
                ..wants(64)
            },
        )
        .await;
    assert_eq!(by_endpoint(&reply.leased), HashMap::from([(slow, 18)]));
}

#[tokio::test]
async fn an_endpoint_with_an_attempt_open_for_long_is_slow() {
    let (fixture, endpoint) = Fixture::with_events(10).await;
    let mut worker = Worker::new();
    fixture.fetch(&mut worker, 1).await;
    let request = WorkRequest {
        slow_endpoints: vec![endpoint.clone()],
        want_slow: 0,
        ..wants(5)
    };
    assert!(fixture.work(&mut worker, request).await.leased.is_empty());
    assert_eq!(fixture.sorted("ready:slow").await, [endpoint.to_string()]);
    assert!(fixture.sorted("ready").await.is_empty());
}

#[tokio::test]
async fn many_slow_endpoints_do_not_hide_a_quick_one() {
    let fixture = Fixture::new().await;
    let mut slow = vec![];
    for _ in 0..300 {
        slow.push(fixture.endpoint(&["message.sent"]).await);
    }
    let quick = fixture.endpoint(&["lead.captured"]).await;
    fixture
        .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
        .await;
    fixture
        .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
        .await;
    let mut worker = Worker::new();
    let request = WorkRequest {
        slow_endpoints: slow,
        ..wants(0)
    };
    fixture.work(&mut worker, request).await;
    fixture.push().await;
    let reply = fixture
        .work(
            &mut worker,
            WorkRequest {
                want_slow: 0,
                ..wants(64)
            },
        )
        .await;
    assert_eq!(by_endpoint(&reply.leased), HashMap::from([(quick, 1)]));
}

#[tokio::test]
async fn large_payloads_are_fetched_only_for_the_room_there_is() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let data = format!("{{\"text\":\"{}\"}}", "x".repeat(100_000));
    for _ in 0..10 {
        fixture
            .accept(&event_of(EventType::MESSAGE_SENT, "bot", &data))
            .await;
    }
    let order = fixture.list(&format!("pending:{endpoint}")).await;
    let mut worker = Worker::new();
    let reply = fixture
        .work(
            &mut worker,
            WorkRequest {
                want_bytes: 250_000,
                ..wants(10)
            },
        )
        .await;
    assert_eq!(reply.leased.len(), 3);
    assert!(reply.more);
    assert_eq!(fixture.list(&format!("pending:{endpoint}")).await, order[3..]);
    let one = fixture
        .work(
            &mut worker,
            WorkRequest {
                want_bytes: 1,
                ..wants(10)
            },
        )
        .await
        .leased;
    assert_eq!(
        one.len(),
        1,
        "one that is larger than the room is handed out alone"
    );
}

#[tokio::test]
async fn two_workers_never_get_the_same_delivery() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    fixture.endpoint(&["*"]).await;
    fixture.push_many(60).await;
    let (mut one, mut two) = (Worker::new(), Worker::new());
    let mut seen = std::collections::HashSet::new();
    loop {
        let (left, right) = tokio::join!(fixture.fetch(&mut one, 7), fixture.fetch(&mut two, 9));
        if left.is_empty() && right.is_empty() {
            break;
        }
        for (worker, leased) in [(&mut one, left), (&mut two, right)] {
            for leased in leased {
                assert!(
                    seen.insert(leased.delivery.clone()),
                    "{} came twice",
                    leased.delivery
                );
                fixture.report(worker, &leased, succeeded()).await;
            }
        }
    }
    assert_eq!(seen.len(), 120);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn endpoints_that_hang_leave_slots_to_those_that_come_later() {
    let fixture = Fixture::new().await;
    let mut worker = Worker::new();
    let hanging = 50;
    for _ in 0..hanging {
        let endpoint = fixture.endpoint(&["lead.captured"]).await;
        drop(endpoint);
    }
    // 100 for each of them: more than enough for every slot.
    fixture.push_many(100).await;
    let slots = 512;
    let mut held: HashMap<EndpointId, u32> = HashMap::new();
    let fetch = async |worker: &mut Worker, held: &HashMap<EndpointId, u32>| {
        let free = slots - held.values().sum::<u32>();
        let request = WorkRequest {
            free,
            ..wants(free.min(64))
        };
        fixture.work(worker, request).await.leased
    };
    loop {
        let leased = fetch(&mut worker, &held).await;
        if leased.is_empty() {
            break;
        }
        for lease in leased {
            *held.entry(lease.endpoint.id.clone()).or_default() += 1;
        }
    }
    assert_eq!(held.len(), hanging, "each got some");
    let all = held.values().sum::<u32>();
    assert!(
        all > slots / 2 && all <= slots - 16,
        "{all} of {slots} are held: {held:?}"
    );

    // Who comes later is served at once.
    let quick = fixture.endpoint(&["message.sent"]).await;
    fixture
        .accept(&event_of(EventType::MESSAGE_SENT, "bot", "{}"))
        .await;
    let leased = fetch(&mut worker, &held).await;
    assert_eq!(leased.len(), 1);
    assert_eq!(leased[0].endpoint.id, quick);
}

#[tokio::test]
async fn an_endpoint_alone_has_its_cap_and_one_slot_is_enough_for_anybody() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut worker = Worker::new();
    fixture.push_many(40).await;
    assert_eq!(fixture.fetch(&mut worker, 64).await.len(), 32);
    let other = fixture.endpoint(&["*"]).await;
    fixture.push_many(1).await;
    let mut second = Worker::new();
    let request = WorkRequest { free: 1, ..wants(1) };
    let leased = fixture.work(&mut second, request).await.leased;
    assert_eq!(leased.len(), 1);
    assert!(leased[0].endpoint.id == other && other != endpoint);
}
