//! An endpoint has as many attempts in flight as its receiver carries, whatever kind of receiver that is: the real script
//! against simulated ones, in simulated time.
//!
//! Proves (guarantees): a receiver has few workers
//! Proves (guarantees): more arrives at once than a receiver with few workers carries

mod course;

mod receiver;

use std::time::Duration;

use store::queue::{AttemptRecord, Outcome, WorkRequest};

use self::course::{Course, Totals};
use self::receiver::Receiver;
use crate::fixture::{Fixture, Worker, failed, report, wants};

/// A batch of 100 for a receiver that answers each after `handler` ms, `distance` ms away.
async fn batch(workers: usize, handler: u64, distance: u64) -> Totals {
    let receiver = Receiver::new(workers, &[handler]).away(distance);
    Course::new(receiver).await.at(0, 100).run().await
}

/// 1,000 events, evenly spread, at 80 % of what the receiver can do.
async fn at_80_percent(workers: usize, handler: u64, distance: u64) -> Totals {
    let receiver = Receiver::new(workers, &[handler]).away(distance);
    let mut course = Course::new(receiver).await;
    for event in 0..1000 {
        course = course.at(event * handler * 10 / (8 * workers as u64), 1);
    }
    course.run().await
}

/// Nobody is to blame: no timeout, so no strike and nothing that arrived twice.
fn assert_unharmed(totals: &Totals, what: &str) {
    assert_eq!((totals.timeouts, totals.repeats), (0, 0), "{what}: {totals:?}");
    assert_eq!(totals.state, "active", "{what}");
}

#[tokio::test]
async fn a_batch_does_not_drown_receivers_with_few_workers() {
    for workers in [1, 3, 4, 8] {
        for handler in [400, 1000] {
            for distance in [0, 40] {
                let totals = batch(workers, handler, distance).await;
                let what = format!("{workers} workers, {handler} ms, {distance} ms away");
                assert_unharmed(&totals, &what);
                // All are at work but for the first rounds, which are slow start: one, two, four at once.
                let rounds = workers.ilog2() as u64 + 1;
                let at_best = 100 * handler / workers as u64;
                let allowed = at_best + rounds * (handler + 2 * distance) + at_best / 10;
                assert!(totals.ms <= allowed, "{what}: {} of {allowed} ms", totals.ms);
            }
        }
    }
}

#[tokio::test]
async fn a_single_worker_that_takes_most_of_the_time_is_not_drowned_either() {
    let totals = batch(1, 3000, 0).await;
    assert_unharmed(&totals, "one worker, 3 s");
    assert!(totals.most_in_flight <= 2, "{totals:?}");
}

#[tokio::test]
async fn a_quick_receiver_is_at_its_cap_within_a_few_round_trips() {
    for (handler, distance) in [(1, 0), (2, 40)] {
        let receiver = Receiver::new(usize::MAX, &[handler]).away(distance);
        let totals = Course::new(receiver).await.at(0, 1000).run().await;
        assert_unharmed(&totals, &format!("{handler} ms, {distance} ms away"));
        assert_eq!(totals.most_in_flight, 32);
        // With 32 from the start it would be 32 rounds.
        let round = handler + 2 * distance;
        assert!(totals.ms <= (32 + 5) * round, "{totals:?}");
    }
}

#[tokio::test]
async fn a_quick_receiver_that_is_far_gets_a_batch_at_once_after_few_events() {
    let receiver = Receiver::new(usize::MAX, &[2]).away(40);
    let mut course = Course::new(receiver).await;
    for second in 0..6 {
        course = course.at(second * 1000, 1);
    }
    let totals = course.at(60_000, 100).run().await;
    assert_unharmed(&totals, "a batch after six events");
    // A round is 82 ms. With 32 from the start there would be four of them, with two seven.
    assert!(totals.ms <= 60_000 + 5 * 82, "{totals:?}");
}

#[tokio::test]
async fn a_slow_receiver_with_enough_workers_gets_ever_more_at_once() {
    let receiver = Receiver::new(usize::MAX, &[6000]);
    let totals = Course::new(receiver).await.at(0, 100).run().await;
    assert_unharmed(&totals, "6 s, as many as one likes");
    assert!(totals.most_in_flight >= 10, "{totals:?}");
    assert!(totals.ms < 100 * 6000 / 5, "{totals:?}");
}

#[tokio::test]
async fn answers_that_differ_are_no_sign_of_a_queue() {
    let handlers = [100, 700, 200, 300, 1500, 250, 150, 400, 350, 900];
    let receiver = Receiver::new(usize::MAX, &handlers);
    let totals = Course::new(receiver).await.at(0, 1000).run().await;
    assert_unharmed(&totals, "0.1 to 1.5 s");
    assert!(totals.most_in_flight >= 24, "{totals:?}");
}

#[tokio::test]
async fn a_receiver_that_becomes_slower_gets_less_at_once() {
    // Quick for a minute; then one worker is busy for a second with each.
    let receiver = Receiver::new(1, &[5]).becomes(60_000, 1000);
    let mut course = Course::new(receiver).await.at(0, 500);
    for seconds in (3..90).step_by(3) {
        course = course.at(seconds * 1000, 1);
    }
    let totals = course.at(100_000, 100).run().await;
    assert_unharmed(&totals, "5 ms, then 1 s");
}

#[tokio::test]
async fn a_receiver_that_gets_more_workers_gets_more_at_once() {
    let receiver = Receiver::new(1, &[400]).grows(40_000, 8);
    let totals = Course::new(receiver).await.at(0, 600).run().await;
    assert_unharmed(&totals, "one worker, then eight");
    // 100 in the first 40 s, the rest at 20 a second.
    assert!(totals.ms <= 40_000 + 500 * 1000 / 20 + 10_000, "{totals:?}");
}

#[tokio::test]
async fn a_pause_of_a_second_costs_a_quick_receiver_little() {
    let receiver = Receiver::new(usize::MAX, &[2]).away(40).pauses(5_000, 1000);
    let totals = Course::new(receiver).await.at(0, 10_000).run().await;
    assert_unharmed(&totals, "a pause");
    let without = 10_000 / 32 * 82 + 1000;
    assert!(totals.ms <= without * 11 / 10, "{totals:?}");
}

#[tokio::test]
async fn after_timeouts_no_more_are_in_flight_than_came_back_for_a_while() {
    let (fixture, endpoint) = Fixture::with_events(200).await;
    fixture.set_limit(&endpoint, 1).await;
    let mut worker = Worker::new();
    let (mut in_flight, mut most) = (fixture.fetch(&mut worker, 64).await, 0);
    // Of whatever is sent three come back, after half a second.
    for _ in 0..20 {
        fixture.pass(Duration::from_millis(500)).await;
        let answers = in_flight
            .drain(..in_flight.len().min(3))
            .map(|leased| report(&leased, after(500)));
        let request = WorkRequest {
            reports: answers.collect(),
            ..wants(64)
        };
        in_flight.extend(fixture.work(&mut worker, request).await.leased);
        most = most.max(in_flight.len());
    }
    assert!((5..=8).contains(&most), "{most}");
    // The others time out.
    let timeouts = in_flight.drain(..).map(|leased| report(&leased, timed_out()));
    let request = WorkRequest {
        reports: timeouts.collect(),
        ..wants(0)
    };
    fixture.work(&mut worker, request).await;
    let mut limits = vec![];
    for _ in 0..8 {
        let leased = fixture.fetch(&mut worker, 64).await;
        limits.push(leased.len());
        fixture.pass(Duration::from_millis(500)).await;
        let reports = leased.iter().map(|leased| report(leased, after(500))).collect();
        fixture
            .work(&mut worker, WorkRequest { reports, ..wants(0) })
            .await;
    }
    assert!(limits.iter().all(|limit| *limit <= 4), "{limits:?}");
}

#[tokio::test]
async fn a_receiver_that_can_just_answer_one_in_time_is_seldom_tried_with_two() {
    let receiver = Receiver::new(1, &[6000]);
    let totals = Course::new(receiver).await.at(0, 200).run().await;
    assert_eq!(totals.state, "active");
    assert!((1..=12).contains(&totals.timeouts), "{totals:?}");
}

#[tokio::test]
async fn what_is_known_of_a_receiver_goes_with_its_url_only() {
    let (fixture, endpoint) = Fixture::with_events(20).await;
    fixture.set_limit(&endpoint, 1).await;
    let mut worker = Worker::new();
    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, after(400)).await;
    let known = fixture.hash(&format!("endpoint:{endpoint}")).await;
    assert_eq!(known["limit"], "2");
    assert!(known["carries"].starts_with("400.0 "), "{known:?}");

    let leased = fixture.fetch(&mut worker, 1).await.remove(0);
    fixture.report(&mut worker, &leased, failed(Some(60))).await;
    let after_strike = fixture.hash(&format!("endpoint:{endpoint}")).await;
    assert_eq!(after_strike["limit"], "1");
    assert!(after_strike["carries"].starts_with("400.0 "), "{after_strike:?}");

    fixture.change_url(&endpoint, "https://example.com/other").await;
    let moved = fixture.hash(&format!("endpoint:{endpoint}")).await;
    assert_eq!((moved["limit"].as_str(), moved["carries"].as_str()), ("1", ""));
}

fn after(ms: u64) -> Outcome {
    Outcome::Succeeded(AttemptRecord {
        status: Some(200),
        duration: Duration::from_millis(ms),
        ..AttemptRecord::default()
    })
}

fn timed_out() -> Outcome {
    Outcome::Failed {
        attempt: AttemptRecord {
            duration: Duration::from_secs(10),
            error: Some("timeout"),
            ..AttemptRecord::default()
        },
        retry_in: Some(Duration::from_secs(5)),
        gone: false,
        rest: None,
    }
}

mod long {
    use super::{assert_unharmed, at_80_percent};

    #[tokio::test]
    async fn a_load_of_80_percent_does_not_drown_receivers_with_few_workers() {
        for (workers, handler, distance) in [(1, 400, 40), (3, 1000, 0), (8, 400, 40)] {
            let totals = at_80_percent(workers, handler, distance).await;
            let what = format!("{workers} workers, {handler} ms, {distance} ms away");
            assert_unharmed(&totals, &what);
            // The last event comes at the end of the time that the load takes; what waits then is soon done.
            let load = 1000 * handler * 10 / (8 * workers as u64);
            assert!(totals.ms <= load + 10 * handler, "{what}: {totals:?}");
        }
    }
}
