//! An endpoint with a rate gets so many deliveries a second, evenly spread, and nobody waits for it.
//!
//! Proves (guarantees): an endpoint with a `rateLimit` gets no more deliveries a second

use std::time::Duration;

use domain::event::EventType;
use domain::id::EndpointId;
use store::queue::{WorkReply, WorkRequest};

use crate::fixture::{Fixture, Worker, event_of, given_back, report, succeeded, wants};

async fn with_rate(rate: i64) -> (Fixture, EndpointId) {
    let fixture = Fixture::new().await;
    let endpoint = fixture.endpoint(&["message.sent"]).await;
    fixture.set_rate(&endpoint, Some(rate)).await;
    (fixture, endpoint)
}

async fn push(fixture: &Fixture, event: EventType, count: usize) {
    for _ in 0..count {
        fixture.accept(&event_of(event, "bot", "{}")).await;
    }
}

/// Fetches, and lets all of it succeed at once.
async fn serve(fixture: &Fixture, worker: &mut Worker) -> WorkReply {
    let reply = fixture.work(worker, wants(64)).await;
    let reports = reply
        .leased
        .iter()
        .map(|leased| report(leased, succeeded()))
        .collect();
    let done = WorkRequest { reports, ..wants(0) };
    fixture.work(worker, done).await;
    reply
}

#[tokio::test]
async fn a_slow_rate_serves_one_at_a_time_and_says_when_the_next_is_due() {
    let (fixture, _) = with_rate(2).await;
    push(&fixture, EventType::MESSAGE_SENT, 4).await;
    let mut worker = Worker::new();
    for _ in 0..3 {
        let reply = serve(&fixture, &mut worker).await;
        assert_eq!(reply.leased.len(), 1);
        let reply = fixture.work(&mut worker, wants(64)).await;
        assert!(
            reply.leased.is_empty() && !reply.more,
            "nobody asks again in vain"
        );
        let due = reply.next_due.unwrap();
        assert!(
            due > Duration::ZERO && due <= Duration::from_millis(500),
            "{due:?}"
        );
        fixture.assert_sound().await;
        fixture.pass(due).await;
    }
    assert_eq!(serve(&fixture, &mut worker).await.leased.len(), 1);
    fixture.assert_drained().await;
}

#[tokio::test]
async fn over_ten_seconds_it_gets_what_its_rate_says_however_fast_that_is() {
    for rate in [7, 20, 100, 1000] {
        let (mut fixture, endpoint) = with_rate(rate).await;
        fixture.policy.endpoint_concurrency = 1000;
        fixture.end_slow_start(&endpoint).await;
        let expected = usize::try_from(rate).unwrap() * 10;
        let events: Vec<_> = (0..expected * 2)
            .map(|_| event_of(EventType::MESSAGE_SENT, "bot", "{}"))
            .collect();
        for chunk in events.chunks(1000) {
            fixture.accept_all(chunk, crate::fixture::BUDGETS).await;
        }
        let mut worker = Worker::new();
        let clock = async || -> u64 { fixture.hash("stats").await["clockRaw"].parse().unwrap() };
        serve(&fixture, &mut worker).await;
        let (began, mut served, mut calls) = (clock().await, 0, 0);
        // The real clock runs on beside, so this looks at what Redis's says.
        while clock().await < began + 10_000 {
            let reply = serve(&fixture, &mut worker).await;
            served += reply.leased.len();
            calls += 1;
            if reply.leased.is_empty() {
                let due = reply.next_due.unwrap_or_default();
                fixture.pass(due.max(Duration::from_millis(1))).await;
            }
        }
        let span = (clock().await - began) as usize;
        let most = usize::try_from(rate).unwrap() * (span + 150) / 1000 + 1;
        assert!(served <= most, "{served} at {rate}/s in {span} ms");
        assert!(served * 10 >= expected * 9, "{served} of {expected} at {rate}/s");
        assert!(calls <= 2 * (served + 1), "{calls} calls for {served}");
    }
}

#[tokio::test]
async fn others_are_served_meanwhile() {
    let (fixture, paced) = with_rate(1).await;
    let other = fixture.endpoint(&["lead.captured"]).await;
    push(&fixture, EventType::MESSAGE_SENT, 100).await;
    let mut worker = Worker::new();
    serve(&fixture, &mut worker).await;
    push(&fixture, EventType::LEAD_CAPTURED, 20).await;
    let leased = fixture.fetch(&mut worker, 64).await;
    assert_eq!(leased.len(), 20);
    assert!(leased.iter().all(|leased| leased.endpoint.id == other));
    assert_eq!(fixture.get(&paced).await.queue.total(), 99);
    fixture.assert_sound().await;
}

#[tokio::test]
async fn an_endpoint_whose_rate_is_taken_away_is_served_at_once() {
    let (fixture, endpoint) = with_rate(1).await;
    push(&fixture, EventType::MESSAGE_SENT, 10).await;
    let mut worker = Worker::new();
    let first = fixture.fetch(&mut worker, 64).await;
    assert_eq!(first.len(), 1);
    assert!(fixture.fetch(&mut worker, 64).await.is_empty());
    fixture.set_rate(&endpoint, None).await;
    fixture.assert_sound().await;
    assert_eq!(fixture.fetch(&mut worker, 64).await.len(), 9);
    for leased in first {
        fixture.report(&mut worker, &leased, given_back(0)).await;
    }
    fixture.assert_sound().await;
}
