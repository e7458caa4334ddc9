//! What a report does to its delivery and its endpoint.
//!
//! Proves (guarantees): a result belongs to an older generation

use std::time::Duration;

use domain::endpoint::{DisabledReason, EndpointState, ParkedAction};
use domain::id::EventId;
use store::queue::{Receipt, WorkRequest};

use crate::fixture::{Fixture, Worker, failed, given_back, gone, report, succeeded, wants};

#[tokio::test]
async fn a_success_leaves_the_log_and_the_payload_for_a_day() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let accepted = fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 10).await;
    assert_eq!((leased.len(), leased[0].attempt), (1, 1));
    assert_eq!(fixture.get(&endpoint).await.queue.total(), 1);
    assert_eq!(
        fixture.report(&mut worker, &leased[0], succeeded()).await,
        Receipt::Recorded
    );

    fixture.assert_drained().await;
    assert_kept(&fixture, "delivered", &accepted.id).await;
    let seen = fixture.get(&endpoint).await;
    assert_eq!((seen.queue.total(), seen.consecutive_failures), (0, 0));
    let last = seen.last_attempt.unwrap();
    assert_eq!(
        (last.delivery_id, last.attempt, last.succeeded, last.status),
        (leased[0].delivery.clone(), 1, true, Some(200))
    );
    let log: i64 = fixture
        .command(redis::cmd("XLEN").arg(format!("wh:{{0}}:log:{endpoint}")))
        .await;
    assert_eq!(log, 1);
}

#[tokio::test]
async fn a_failure_is_retried_when_it_is_due_and_a_success_resets_the_counter() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 10).await.remove(0);
    let request = WorkRequest {
        reports: vec![report(&leased, failed(Some(5)))],
        ..wants(10)
    };
    let reply = fixture.work(&mut worker, request).await;
    assert!(reply.leased.is_empty());
    let due = reply.next_due.unwrap();
    assert!(
        due > Duration::from_secs(4) && due <= Duration::from_secs(5),
        "{due:?}"
    );
    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (seen.consecutive_failures, seen.queue.total(), seen.state),
        (1, 1, EndpointState::Active)
    );
    assert_eq!(seen.last_attempt.unwrap().error.as_deref(), Some("http_status"));

    fixture.pass(Duration::from_secs(5)).await;
    let again = fixture.fetch(&mut worker, 10).await.remove(0);
    assert_eq!(
        (&again.delivery, again.attempt, &again.event.id),
        (&leased.delivery, 2, &leased.event.id)
    );
    fixture.report(&mut worker, &again, succeeded()).await;
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 0);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn the_last_failure_exhausts_visibly() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    let accepted = fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 10).await.remove(0);
    fixture.report(&mut worker, &leased, failed(None)).await;
    fixture.assert_drained().await;
    assert_eq!(
        fixture.sorted(&format!("failed:{endpoint}")).await,
        [leased.delivery.to_string()]
    );
    let record = fixture.hash(&format!("delivery:{}", leased.delivery)).await;
    assert_eq!(
        (
            record["state"].as_str(),
            record["attempts"].as_str(),
            record["reason"].as_str()
        ),
        ("exhausted", "1", "http_status")
    );
    let fortnight = 14 * 86_400_000;
    for key in [
        format!("delivery:{}", leased.delivery),
        format!("failed:{endpoint}"),
    ] {
        let lifetime = fixture.ttl(&key).await;
        assert!(
            lifetime > fortnight - 60_000 && lifetime <= fortnight,
            "{key}: {lifetime}"
        );
    }
    assert_kept(&fixture, "exhausted", &accepted.id).await;
}

/// The event is the only finished one of its class, and has no lifetime of its own.
async fn assert_kept(fixture: &Fixture, class: &str, event: &EventId) {
    assert_eq!(fixture.ttl(&format!("event:{event}")).await, -1);
    let list = fixture.list(&format!("account:org:org_1:{class}")).await;
    assert_eq!(list.len(), 1);
    assert!(list[0].ends_with(&event.as_str()[4..]), "{list:?}");
}

#[tokio::test]
async fn the_tenth_strike_in_a_row_disables_and_nothing_is_lost() {
    let (fixture, endpoint) = Fixture::with_events(12).await;
    let mut worker = Worker::new();
    for strike in 1..=10 {
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        let expected = if strike == 10 {
            Receipt::DisabledEndpoint
        } else {
            Receipt::Recorded
        };
        assert_eq!(
            fixture.report(&mut worker, &leased, failed(Some(60))).await,
            expected,
            "strike {strike}"
        );
    }
    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures),
        (EndpointState::Disabled, 10)
    );
    assert_eq!(seen.disabled_reason, Some(DisabledReason::ConsecutiveFailures));
    assert!(seen.disabled_at.is_some());
    assert_eq!(seen.queue.total(), 12);

    // Events that arrive join what is parked; time brings nothing back.
    fixture.push().await;
    fixture.pass(Duration::from_secs(120)).await;
    assert!(fixture.fetch(&mut worker, 64).await.is_empty());
    assert_eq!(fixture.get(&endpoint).await.queue.total(), 13);

    let on = fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
    assert_eq!(
        (
            on.state,
            on.consecutive_failures,
            on.disabled_at,
            on.disabled_reason
        ),
        (EndpointState::Active, 0, None, None)
    );
    // Upkeep brings back those that waited for a retry, with their attempts.
    while fixture.store.upkeep(&fixture.policy).await.unwrap().more {}
    let probe = fixture.fetch(&mut worker, 64).await;
    assert_eq!(probe.len(), 1, "probed with one attempt at a time");
    fixture.report(&mut worker, &probe[0], succeeded()).await;
    fixture.end_slow_start(&endpoint).await;
    let rest = fixture.fetch(&mut worker, 64).await;
    assert_eq!(rest.len(), 12);
    assert_eq!(rest.iter().filter(|leased| leased.attempt == 2).count(), 10);
    for leased in rest {
        fixture.report(&mut worker, &leased, succeeded()).await;
    }
    fixture.assert_drained().await;
}

#[tokio::test]
async fn a_success_in_between_starts_the_count_again() {
    let (fixture, endpoint) = Fixture::with_events(20).await;
    let mut worker = Worker::new();
    for round in 0..19 {
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        let result = if round == 9 { succeeded() } else { failed(None) };
        assert_eq!(
            fixture.report(&mut worker, &leased, result).await,
            Receipt::Recorded
        );
    }
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 9);
}

#[tokio::test]
async fn a_streak_can_be_required_to_last() {
    let mut fixture = Fixture::new().await;
    fixture.policy.disable_min_span = Duration::from_secs(60);
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push_many(14).await;
    let mut worker = Worker::new();
    for _ in 0..12 {
        let leased = fixture.fetch(&mut worker, 1).await.remove(0);
        assert_eq!(
            fixture.report(&mut worker, &leased, failed(None)).await,
            Receipt::Recorded
        );
    }
    fixture.pass(Duration::from_secs(61)).await;
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(
        fixture.report(&mut worker, &leased, failed(None)).await,
        Receipt::DisabledEndpoint
    );
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 13);
}

#[tokio::test]
async fn gone_disables_at_once() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!(
        fixture.report(&mut worker, &leased, gone()).await,
        Receipt::DisabledEndpoint
    );
    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (
            seen.disabled_reason,
            seen.consecutive_failures,
            seen.queue.total()
        ),
        (Some(DisabledReason::Gone), 1, 1)
    );
}

#[tokio::test]
async fn results_of_an_earlier_generation_neither_strike_nor_disable() {
    let (fixture, endpoint) = Fixture::with_events(2).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 2).await;
    fixture.change_url(&endpoint, "https://example.com/new").await;
    assert_eq!(
        fixture.report(&mut worker, &leased[0], gone()).await,
        Receipt::Recorded
    );
    assert_eq!(
        fixture.report(&mut worker, &leased[1], failed(Some(5))).await,
        Receipt::Recorded
    );
    let seen = fixture.get(&endpoint).await;
    assert_eq!(
        (seen.state, seen.consecutive_failures, seen.queue.total()),
        (EndpointState::Active, 0, 2)
    );

    fixture.pass(Duration::from_secs(6)).await;
    fixture.end_slow_start(&endpoint).await;
    let again = fixture.fetch(&mut worker, 10).await;
    assert!(
        again
            .iter()
            .all(|leased| leased.endpoint.url == "https://example.com/new")
    );
    assert_eq!(again.len(), 2);
}

#[tokio::test]
async fn while_an_endpoint_is_off_nothing_resets_or_strikes() {
    let (fixture, endpoint) = Fixture::with_events(3).await;
    let mut worker = Worker::new();
    let first = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &first, failed(None)).await;
    let second = fixture.fetch(&mut worker, 1).await.remove(0);
    let off = fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
    assert_eq!(
        (off.state, off.disabled_reason),
        (EndpointState::Off, Some(DisabledReason::Owner))
    );
    fixture.report(&mut worker, &second, succeeded()).await;
    assert_eq!(fixture.get(&endpoint).await.consecutive_failures, 1);
    assert!(fixture.fetch(&mut worker, 10).await.is_empty());
    assert_eq!(
        fixture.push().await.deliveries,
        0,
        "an endpoint that is off receives nothing new"
    );
}

#[tokio::test]
async fn a_delivery_that_is_given_back_is_as_if_it_had_not_been_fetched() {
    let (fixture, endpoint) = Fixture::with_events(2).await;
    let before = fixture.list(&format!("pending:{endpoint}")).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, given_back(0)).await;
    assert_eq!(fixture.list(&format!("pending:{endpoint}")).await, before);
    let again = fixture.fetch(&mut Worker::new(), 1).await.remove(0);
    assert_eq!((again.delivery, again.attempt), (leased.delivery, 1));
}

#[tokio::test]
async fn a_delivery_that_is_given_back_to_wait_loses_no_attempt_and_any_worker_finds_it_in_time() {
    let (fixture, endpoint) = Fixture::with_events(2).await;
    let mut worker = Worker::new();
    let first = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &first, failed(Some(30))).await;
    fixture.pass(Duration::from_secs(31)).await;
    for wait in [5, 10] {
        for _ in 0..2 {
            let leased = fixture.fetch(&mut worker, 1).await.remove(0);
            // One was tried before, and one was not.
            let attempt = if leased.delivery == first.delivery { 2 } else { 1 };
            assert_eq!(leased.attempt, attempt);
            let receipt = fixture.report(&mut worker, &leased, given_back(wait)).await;
            assert_eq!(receipt, Receipt::Recorded);
        }
        assert!(fixture.fetch(&mut worker, 10).await.is_empty(), "both wait");
        let seen = fixture.get(&endpoint).await;
        assert_eq!((seen.consecutive_failures, seen.queue.total()), (1, 2));
        assert_eq!(seen.queue.in_flight, 0, "they count on no cap");
        fixture.assert_no_violation().await;
        let idle = fixture.work(&mut worker, wants(10)).await;
        let due = idle.next_due.unwrap();
        assert!(due <= Duration::from_secs(wait), "{due:?}");
        fixture.pass(Duration::from_secs(wait)).await;
    }
    let again = fixture.fetch(&mut Worker::new(), 10).await;
    assert_eq!(again.len(), 1, "after a strike one is in flight at a time");
    let log: i64 = fixture
        .command(redis::cmd("XLEN").arg(format!("wh:{{0}}:log:{endpoint}")))
        .await;
    assert_eq!(log, 1, "what was no attempt is not logged");
}

#[tokio::test]
async fn what_is_given_back_to_wait_at_an_endpoint_that_was_switched_off_is_parked() {
    let (fixture, endpoint) = Fixture::with_events(1).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.switch(&endpoint, false, ParkedAction::Deliver).await;
    fixture.report(&mut worker, &leased, given_back(60)).await;
    fixture.assert_no_violation().await;
    fixture.switch(&endpoint, true, ParkedAction::Deliver).await;
    let again = fixture.fetch(&mut worker, 1).await.remove(0);
    assert_eq!((again.delivery, again.attempt), (leased.delivery, 1));
}

#[tokio::test]
async fn what_cannot_be_read_is_set_aside_and_others_flow() {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["*"]).await;
    fixture.push().await;
    let lost_payload = fixture.push().await;
    fixture.push().await;
    let pending = format!("wh:{{0}}:pending:{endpoint}");
    let _: i64 = fixture
        .command(
            redis::cmd("LPUSH")
                .arg(&pending)
                .arg("rubbish\u{0}")
                .arg("dlv_x:y:z"),
        )
        .await;
    let _: i64 = fixture
        .command(redis::cmd("DEL").arg(format!("wh:{{0}}:event:{}", lost_payload.id)))
        .await;
    let leased = fixture.fetch(&mut Worker::new(), 64).await;
    assert_eq!(leased.len(), 2);
    assert_eq!(
        fixture.list("corrupt").await,
        [
            format!("{endpoint} dlv_x:y:z"),
            format!("{endpoint} rubbish\u{0}")
        ]
    );
    let failed = fixture.sorted(&format!("failed:{endpoint}")).await;
    assert_eq!(failed.len(), 1);
    assert_eq!(
        fixture.hash(&format!("delivery:{}", failed[0])).await["reason"],
        "payload_missing"
    );
}

/// Whether a worker's next reports hurry.
#[tokio::test]
async fn reports_are_awaited_by_an_endpoint_at_its_cap_unless_it_fails_or_is_slow() {
    let (fixture, endpoint) = Fixture::with_events(4).await;
    fixture.set_limit(&endpoint, 1).await;
    let mut worker = Worker::new();
    let reply = fixture.work(&mut worker, wants(64)).await;
    assert_eq!(reply.leased.len(), 1);
    assert!(reply.awaited, "three wait for the end of an attempt");

    let slow = WorkRequest {
        slow_endpoints: vec![endpoint.clone()],
        ..wants(0)
    };
    let slow = fixture.work(&mut worker, slow).await;
    assert!(!slow.awaited, "its attempts take seconds");

    let reports = vec![report(&reply.leased[0], failed(Some(5)))];
    let reply = fixture
        .work(&mut worker, WorkRequest { reports, ..wants(64) })
        .await;
    assert_eq!(reply.leased.len(), 1);
    assert!(!reply.awaited, "it fails");

    fixture.assert_sound().await;
}
