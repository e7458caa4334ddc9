//! Quarantine: workers try suspects beside other deliveries, and a lost lease counts against those that may have caused it.
//!
//! Proves (guarantees): one delivery kills every worker that takes it

use std::time::Duration;

use domain::endpoint::ParkedAction;
use domain::id::{DeliveryId, EndpointId};
use store::queue::{Leased, Outcome, Receipt, WorkReply, WorkRequest};

use crate::fixture::{Fixture, Worker, account, failed, given_back, gone, report, succeeded, wants};

/// Pushes this many events, lets each of their deliveries lose three leases, and waits until they are due. Suspects that wait already stay where they are.
async fn suspects(fixture: &Fixture, count: usize) -> Vec<DeliveryId> {
    fixture.push_many(count).await;
    let mut worker = Worker::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let request = WorkRequest {
            suspects: 0,
            ..wants(64)
        };
        let leased = fixture.work(&mut worker, request).await.leased;
        assert!(!leased.is_empty() && leased.len() % count == 0);
        ids = leased.iter().map(|one| one.delivery.clone()).collect();
        for one in &leased {
            fixture.report(&mut worker, one, Outcome::Crashed).await;
        }
    }
    fixture.pass(Duration::from_secs(6)).await;
    ids
}

/// Time passes, and what expires is taken back.
async fn lapse(fixture: &Fixture, seconds: u64) {
    for _ in 0..seconds.div_ceil(8) {
        while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
        fixture.pass(Duration::from_secs(8)).await;
    }
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
}

/// A field of a delivery's record; empty if there is none.
async fn recorded(fixture: &Fixture, delivery: &DeliveryId, field: &str) -> String {
    let record = fixture.hash(&format!("delivery:{delivery}")).await;
    record.get(field).cloned().unwrap_or_default()
}

async fn losses(fixture: &Fixture, delivery: &DeliveryId) -> String {
    recorded(fixture, delivery, "lostLeases").await
}

async fn quarantined(fixture: &Fixture) -> usize {
    fixture.sorted("quarantine").await.len()
}

fn is_suspect(reply: &WorkReply, one: &Leased) -> bool {
    reply.suspects.contains(&one.delivery)
}

async fn report_all(fixture: &Fixture, worker: &mut Worker, leased: &[Leased]) {
    for one in leased {
        let receipt = fixture.report(worker, one, succeeded()).await;
        assert_eq!(receipt, Receipt::Recorded);
    }
}

#[tokio::test]
async fn suspects_are_served_beside_others_a_few_at_a_time() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    suspects(&fixture, 20).await;
    fixture.push_many(5).await;
    let mut worker = Worker::new();
    let first = fixture.work(&mut worker, wants(64)).await;
    assert_eq!((first.leased.len(), first.suspects.len()), (21, 16));
    let second = fixture.work(&mut worker, wants(64)).await;
    assert_eq!(
        (second.leased.len(), second.next_due),
        (0, None),
        "it holds enough"
    );
    let other = fixture.work(&mut Worker::new(), wants(2)).await;
    assert_eq!(other.suspects.len(), 2, "they take slots like others");
    assert_eq!(other.next_due, Some(Duration::ZERO), "two more are due");

    let done = first.leased.iter().find(|one| is_suspect(&first, one)).unwrap();
    let request = WorkRequest {
        reports: vec![report(done, succeeded())],
        ..wants(64)
    };
    let third = fixture.work(&mut worker, request).await;
    assert_eq!(third.suspects.len(), 1, "one for the one that is done");
    report_all(&fixture, &mut worker, &third.leased).await;
}

#[tokio::test]
async fn a_crash_beside_one_suspect_counts_against_it_alone() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let poison = suspects(&fixture, 1).await.remove(0);
    let before = fixture.hash("stats").await["leasesLost"].parse::<u32>().unwrap();
    fixture.push_many(5).await;
    let mut dead = Worker::new();
    // Neighbours whose leases expire before, with, and after that of the suspect.
    let no_suspects = WorkRequest {
        suspects: 0,
        ..wants(2)
    };
    let mut neighbours = fixture.work(&mut dead, no_suspects).await.leased;
    fixture.pass(Duration::from_secs(4)).await;
    let both = fixture.work(&mut dead, wants(2)).await;
    assert_eq!(
        (both.leased.len(), both.suspects.as_slice()),
        (2, &[poison.clone()][..])
    );
    neighbours.extend(both.leased.into_iter().filter(|one| one.delivery != poison));
    fixture.pass(Duration::from_secs(9)).await;
    neighbours.extend(fixture.fetch(&mut dead, 2).await);
    assert_eq!(neighbours.len(), 5);

    lapse(&fixture, 32).await;
    assert_eq!(losses(&fixture, &poison).await, "4");
    assert_eq!(recorded(&fixture, &poison, "state").await, "quarantined");
    for one in &neighbours {
        assert_eq!(losses(&fixture, &one.delivery).await, "", "{}", one.delivery);
    }
    let stats = fixture.hash("stats").await;
    assert_eq!(stats["leasesLost"], (before + 6).to_string());
    assert_eq!(stats["leasesExcused"], "5");

    let mut alive = Worker::new();
    let again = fixture.work(&mut alive, wants(10)).await;
    assert_eq!(
        again.leased.len(),
        6,
        "all come back, the suspect as well: its wait is over"
    );
    report_all(&fixture, &mut alive, &again.leased).await;
    fixture.assert_drained().await;
}

#[tokio::test]
async fn the_wait_of_a_suspect_doubles_with_each_crash_that_is_its_own() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let poison = suspects(&fixture, 1).await.remove(0);
    for (crash, wait) in [(4, 10), (5, 20), (6, 40)] {
        let mut dead = Worker::new();
        let leased = fixture.fetch(&mut dead, 1).await;
        assert_eq!(leased.len(), 1);
        let crashed = fixture.report(&mut dead, &leased[0], Outcome::Crashed).await;
        assert_eq!(crashed, Receipt::Recorded);
        assert_eq!(losses(&fixture, &poison).await, crash.to_string());
        fixture.pass(Duration::from_secs(wait - 1)).await;
        assert!(fixture.fetch(&mut Worker::new(), 1).await.is_empty(), "{wait} s");
        fixture.pass(Duration::from_secs(1)).await;
    }
    let since = recorded(&fixture, &poison, "quarantinedAt").await;
    assert!(since.parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn several_suspects_in_one_crash_are_not_blamed_and_are_served_singly_from_then_on() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let ids = suspects(&fixture, 4).await;
    fixture.push().await;
    let all = fixture.work(&mut Worker::new(), wants(10)).await;
    assert_eq!((all.leased.len(), all.suspects.len()), (5, 4));
    lapse(&fixture, 24).await;
    for id in &ids {
        assert_eq!(
            losses(&fixture, id).await,
            "3",
            "nobody knows which of them it was"
        );
    }

    // At once, and one for each worker.
    let (mut first, mut second) = (Worker::new(), Worker::new());
    let one = fixture.work(&mut first, wants(10)).await;
    assert_eq!(
        (one.leased.len(), one.suspects.len()),
        (2, 1),
        "a neighbour and a suspect"
    );
    let none = fixture.work(&mut first, wants(10)).await;
    assert_eq!((none.leased.len(), none.next_due), (0, None));
    let other = fixture.work(&mut second, wants(10)).await;
    assert_eq!(other.suspects.len(), 1);

    // The first dies, and that was it.
    report_all(&fixture, &mut second, &other.leased).await;
    for _ in 0..2 {
        let next = fixture.work(&mut second, wants(10)).await;
        assert_eq!(next.suspects.len(), 1);
        report_all(&fixture, &mut second, &next.leased).await;
    }
    lapse(&fixture, 24).await;
    assert_eq!(losses(&fixture, &one.suspects[0]).await, "4");
    let neighbour = one.leased.iter().find(|leased| !is_suspect(&one, leased));
    assert_eq!(losses(&fixture, &neighbour.unwrap().delivery).await, "");
    assert_eq!(fixture.sorted("quarantine").await, [one.suspects[0].to_string()]);
}

#[tokio::test]
async fn one_to_be_served_singly_waits_until_the_worker_holds_no_other_and_is_not_overtaken() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let alone = suspects(&fixture, 1).await.remove(0);
    let leased = fixture.fetch(&mut Worker::new(), 1).await;
    let mut worker = Worker::new();
    fixture.report(&mut worker, &leased[0], Outcome::Crashed).await;
    fixture.pass(Duration::from_secs(11)).await;
    let group = suspects(&fixture, 1).await;
    // The one of the group is fetched first by a worker that may hold one; then the other's time has come.
    let key = "wh:{0}:quarantine";
    let _: i64 = fixture
        .command(redis::cmd("ZADD").arg(key).arg(1).arg(group[0].as_str()))
        .await;
    let one = WorkRequest {
        suspects: 1,
        ..wants(10)
    };
    let held = fixture.work(&mut worker, one).await;
    assert_eq!(held.suspects, group);
    let more = fixture.work(&mut worker, wants(10)).await;
    assert_eq!((more.suspects.len(), more.next_due), (0, None), "it waits");
    report_all(&fixture, &mut worker, &held.leased).await;
    assert_eq!(fixture.work(&mut worker, wants(10)).await.suspects, [alone]);
}

#[tokio::test]
async fn a_suspect_that_was_reported_takes_no_blame_and_shields_nobody() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    suspects(&fixture, 2).await;
    fixture.push().await;
    let mut dead = Worker::new();
    let reply = fixture.work(&mut dead, wants(10)).await;
    assert_eq!((reply.leased.len(), reply.suspects.len()), (3, 2));
    let (reported, neighbours): (Vec<_>, Vec<_>) = reply
        .leased
        .iter()
        .cloned()
        .partition(|one| is_suspect(&reply, one));
    fixture.report(&mut dead, &reported[0], succeeded()).await;
    fixture.report(&mut dead, &reported[1], failed(Some(600))).await;
    lapse(&fixture, 24).await;
    assert_eq!(losses(&fixture, &neighbours[0].delivery).await, "1");
    // An ordinary success, and an ordinary failure of one that needs one more lost lease to be a suspect again.
    assert_eq!(recorded(&fixture, &reported[0].delivery, "state").await, "");
    assert_eq!(
        recorded(&fixture, &reported[1].delivery, "state").await,
        "retrying"
    );
    assert_eq!(losses(&fixture, &reported[1].delivery).await, "2");
    assert_eq!(quarantined(&fixture).await, 0);
    lapse(&fixture, 600).await;
    let mut worker = Worker::new();
    for _ in 0..2 {
        // One at a time, since the endpoint has failed.
        let last = fixture.work(&mut worker, wants(10)).await;
        assert_eq!((last.leased.len(), last.suspects.len()), (1, 0));
        report_all(&fixture, &mut worker, &last.leased).await;
    }
    let record = fixture.hash(&format!("delivery:{}", reported[1].delivery)).await;
    assert_eq!(
        (record["state"].as_str(), record["attempts"].as_str()),
        ("succeeded", "2")
    );
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_suspect_whose_attempt_panics_is_blamed_and_one_that_is_given_back_is_not() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    suspects(&fixture, 2).await;
    fixture.push().await;
    let mut worker = Worker::new();
    let reply = fixture.work(&mut worker, wants(10)).await;
    assert_eq!(reply.suspects.len(), 2);
    let [panicked, back] = [&reply.suspects[0], &reply.suspects[1]];
    for one in &reply.leased {
        let outcome = if one.delivery == *panicked {
            Outcome::Crashed
        } else {
            given_back(0)
        };
        fixture.report(&mut worker, one, outcome).await;
    }
    assert_eq!(losses(&fixture, panicked).await, "4");
    assert_eq!(losses(&fixture, back).await, "3");
    let again = fixture.work(&mut worker, wants(10)).await;
    assert_eq!(
        again.suspects,
        *std::slice::from_ref(back),
        "at once, and still as a suspect"
    );
    assert_eq!(again.leased.len(), 2);
}

#[tokio::test]
async fn a_worker_that_was_only_stopped_is_no_shield_once_its_late_report_has_come() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    let suspect = suspects(&fixture, 1).await.remove(0);
    let mut stopped = Worker::new();
    let held = fixture.work(&mut stopped, wants(1)).await.leased.remove(0);
    lapse(&fixture, 24).await;
    assert_eq!(losses(&fixture, &suspect).await, "4");
    // While that attempt is open here, it gets no suspect, which would be the same one.
    lapse(&fixture, 16).await;
    let none = fixture.work(&mut stopped, wants(1)).await;
    assert_eq!((none.suspects.len(), none.next_due), (0, None));
    let late = fixture.report(&mut stopped, &held, succeeded()).await;
    assert_eq!(late, Receipt::Stale);

    fixture.push().await;
    let no_suspects = WorkRequest {
        suspects: 0,
        ..wants(1)
    };
    let neighbour = fixture.work(&mut stopped, no_suspects).await.leased.remove(0);
    lapse(&fixture, 24).await;
    assert_eq!(losses(&fixture, &neighbour.delivery).await, "1");
    assert_eq!(losses(&fixture, &suspect).await, "4", "another's crash");
}

#[tokio::test]
async fn a_repeated_call_hands_out_the_same_suspects_and_forgets_those_that_were_lost() {
    let fixture = Fixture::new().await;
    fixture.endpoint(&["*"]).await;
    suspects(&fixture, 2).await;
    let mut worker = Worker::new();
    let first = fixture.work(&mut worker, wants(1)).await;
    worker.sequence -= 1;
    let again = fixture.work(&mut worker, wants(1)).await;
    assert_eq!(again.suspects, first.suspects);
    assert_eq!(again.leased[0].token, first.leased[0].token);

    // No answer reached it until the lease was lost.
    lapse(&fixture, 24).await;
    worker.sequence -= 1;
    assert!(fixture.work(&mut worker, wants(1)).await.leased.is_empty());
    fixture.push().await;
    let none = WorkRequest {
        suspects: 0,
        ..wants(5)
    };
    let neighbour = fixture.work(&mut worker, none).await.leased.remove(0);
    lapse(&fixture, 24).await;
    assert_eq!(
        losses(&fixture, &neighbour.delivery).await,
        "1",
        "it never held a suspect"
    );
}

#[tokio::test]
async fn a_suspect_that_was_removed_while_it_was_leased_still_takes_the_blame() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    suspects(&fixture, 1).await;
    let mut dead = Worker::new();
    let held = fixture.work(&mut dead, wants(1)).await;
    assert_eq!(held.suspects.len(), 1);
    assert!(
        fixture
            .store
            .remove_endpoint(&account(), &endpoint)
            .await
            .unwrap()
    );
    fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let neighbour = fixture.fetch(&mut dead, 1).await.remove(0);
    lapse(&fixture, 24).await;
    assert_eq!(losses(&fixture, &neighbour.delivery).await, "");
    let mut worker = Worker::new();
    let last = fixture.fetch(&mut worker, 10).await;
    report_all(&fixture, &mut worker, &last).await;
    assert_eq!(fixture.hash("stats").await["canceled"], "1");
    fixture.assert_drained().await;
}

#[tokio::test]
async fn suspects_of_an_endpoint_at_its_limit_wait_and_let_others_pass() {
    let mut fixture = Fixture::new().await;
    fixture.policy.endpoint_concurrency = 2;
    fixture.endpoint(&["*"]).await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.extend(suspects(&fixture, 1).await);
    }
    let other: EndpointId = fixture.endpoint(&["*"]).await;
    fixture.policy.endpoint_concurrency = 32;
    // One more for each of the two.
    ids.extend(suspects(&fixture, 1).await);
    fixture.policy.endpoint_concurrency = 2;
    let mut worker = Worker::new();
    let reply = fixture.work(&mut worker, wants(20)).await;
    assert_eq!(
        reply.suspects.len(),
        3,
        "two of the first endpoint, and the other's"
    );
    assert!(reply.suspects.iter().any(|one| one.endpoint() == other));
    let soon = reply.next_due.unwrap();
    assert!(
        soon > Duration::ZERO && soon <= Duration::from_secs(1),
        "{soon:?}"
    );
    report_all(&fixture, &mut worker, &reply.leased).await;
    let mut served = 3;
    while served < ids.len() {
        fixture.pass(Duration::from_secs(1)).await;
        let reply = fixture.work(&mut worker, wants(20)).await;
        assert!((1..=2).contains(&reply.suspects.len()));
        served += reply.suspects.len();
        report_all(&fixture, &mut worker, &reply.leased).await;
    }
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_suspect_of_an_endpoint_that_is_not_active_is_parked_and_costs_nobody_anything() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let mut ids = suspects(&fixture, 3).await;
    // One is in flight when the endpoint is switched off.
    let mut dead = Worker::new();
    let held = fixture.work(&mut dead, wants(1)).await.suspects;
    fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
    assert_eq!(quarantined(&fixture).await, 0);
    lapse(&fixture, 24).await;
    assert_eq!(losses(&fixture, &held[0]).await, "4");
    assert_eq!(quarantined(&fixture).await, 0);
    let parked = fixture.list(&format!("pending:{endpoint}")).await;
    assert_eq!(parked.len(), 3);
    assert!(parked.iter().all(|entry| entry.ends_with(":00")), "{parked:?}");
    let reply = fixture.work(&mut Worker::new(), wants(10)).await;
    assert_eq!((reply.leased.len(), reply.next_due), (0, None), "nothing is due");
    assert_eq!(fixture.get(&endpoint).await.queue.total(), 3);

    // Switched on, they are suspects as before.
    fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
    let mut worker = Worker::new();
    let mut served = Vec::new();
    for _ in 0..8 {
        let reply = fixture.work(&mut worker, wants(10)).await;
        assert_eq!(
            reply.leased.len(),
            reply.suspects.len(),
            "none of them as an ordinary one"
        );
        served.extend(reply.suspects);
        report_all(&fixture, &mut worker, &reply.leased).await;
        fixture.pass(Duration::from_secs(1)).await;
    }
    served.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    ids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    assert_eq!(served, ids);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn suspects_go_the_way_of_what_else_is_parked() {
    for discard in [false, true] {
        let fixture = Fixture::new().await;
        let endpoint = fixture.endpoint(&["*"]).await;
        suspects(&fixture, 3).await;
        fixture.push().await;
        // The strike of another disables the endpoint.
        let none = WorkRequest {
            suspects: 0,
            ..wants(1)
        };
        let mut worker = Worker::new();
        let struck = fixture.work(&mut worker, none).await.leased.remove(0);
        let receipt = fixture.report(&mut worker, &struck, gone()).await;
        assert_eq!(receipt, Receipt::DisabledEndpoint);
        assert_eq!(quarantined(&fixture).await, 0);
        if discard {
            fixture.switch(&endpoint, true, ParkedAction::Discard).await;
        } else {
            assert!(
                fixture
                    .store
                    .remove_endpoint(&account(), &endpoint)
                    .await
                    .unwrap()
            );
        }
        while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
        assert_eq!(fixture.hash("stats").await["canceled"], "4");
        fixture.assert_drained().await;
    }
}
