//! A worker is killed three times with hundreds of attempts in flight, one of which is the killer: the queue finds it out, the
//! others arrive within a minute, and other traffic is as quick as ever.
//!
//! Proves (guarantees): hundreds of deliveries, attempts of 0.5 s, are in flight each time it kills

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use e2e::account::Account;
use e2e::client::{Caller, Pushed};
use e2e::receiver::{Answer, Receiver};
use e2e::redis_clock;
use e2e::state::{connect, keys};
use e2e::system::System;
use e2e::wait::{LONG, eventually};
use redis::Commands as _;

use crate::scene::builder;
use crate::worker_scene::{PAST_A_LEASE, counter, event, push, respawn, wait_for_leases};

const ENDPOINTS: usize = 32;
const EVENTS: usize = 15;
const INNOCENTS: usize = ENDPOINTS * EVENTS;

/// How long the receiver of the innocents takes.
const TAKES: Duration = Duration::from_millis(500);

/// Within this the innocents must have arrived, once their service began.
const WITHIN: Duration = Duration::from_secs(60);

/// Pushes an event every 40 ms until `act` has ended, and gives back what was accepted, and when.
async fn steady(caller: Caller, body: serde_json::Value, stop: Arc<AtomicBool>) -> Vec<(Pushed, Instant)> {
    let mut pushed = Vec::new();
    while !stop.load(Ordering::SeqCst) {
        let at = Instant::now();
        pushed.push((caller.push_batch(std::slice::from_ref(&body)).await.remove(0), at));
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    pushed
}

/// Steady traffic to `/healthy` while `act` goes on: what was accepted, and the time that nine of ten took at most.
async fn beside<T>(
    system: &mut System,
    receiver: &Receiver,
    act: impl AsyncFnOnce(&mut System) -> T,
) -> (T, Vec<Pushed>, Duration) {
    let stop = Arc::new(AtomicBool::new(false));
    let body = event(system, "session.created", 1);
    let traffic = tokio::spawn(steady(system.backend(), body, Arc::clone(&stop)));
    let done = act(system).await;
    stop.store(true, Ordering::SeqCst);
    let pushed = traffic.await.unwrap();
    let arrived = |pushed: &Pushed| {
        let all = receiver.received_at("/healthy").into_iter();
        all.filter(|one| one.expect_header("webhook-id") == pushed.id)
            .map(|one| one.at)
            .min()
    };
    let mut took = Vec::new();
    for (pushed, at) in &pushed {
        let arrived = eventually(LONG, "a healthy delivery", async || {
            arrived(pushed).ok_or_else(|| pushed.id.clone())
        });
        took.push(arrived.await.saturating_duration_since(*at));
    }
    took.sort();
    let most = took[took.len() * 9 / 10];
    (done, pushed.into_iter().map(|(pushed, _)| pushed).collect(), most)
}

/// The records of deliveries, which are those of the killer and of innocents that have not arrived: an ordinary success
/// leaves none.
fn records(system: &System) -> Vec<String> {
    keys(&mut connect(&system.redis), "delivery:*")
}

/// Kills the worker whenever the killer has come once more, until every innocent has arrived. How often it came, and how long
/// that took from the first innocent on.
async fn serve(system: &mut System, receiver: &Receiver, mut kills: usize) -> (usize, Duration) {
    let (mut begun, waited) = (None, Instant::now());
    loop {
        assert!(
            waited.elapsed() < 3 * WITHIN,
            "{} are left",
            records(system).len()
        );
        let killers = receiver.received_at("/killer").len();
        if killers > kills {
            kills = killers;
            system.workers[0].kill9();
            respawn(&mut system.workers[0]).await;
        }
        let left = records(system).len();
        if begun.is_none() && left <= INNOCENTS {
            begun = Some(Instant::now());
        }
        if left == 1 {
            return (kills, begun.map_or(Duration::ZERO, |begun| begun.elapsed()));
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hundreds_that_were_in_flight_with_a_killer_arrive_within_a_minute_and_others_notice_nothing() {
    // One receiver stands for many.
    let mut system = builder()
        .worker_env("WORKER_CONCURRENCY", "1024")
        .worker_env("DESTINATION_CONCURRENCY", "4096")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let mut paths = vec!["/killer".to_owned()];
    customer
        .create_endpoint(&receiver.url("/killer"), &["ticket.created"])
        .await;
    customer
        .create_endpoint(&receiver.url("/healthy"), &["session.created"])
        .await;
    for number in 0..ENDPOINTS {
        let path = format!("/innocent/{number}");
        let endpoint = customer
            .create_endpoint(&receiver.url(&path), &["lead.captured"])
            .await;
        system.end_slow_start(&endpoint.id);
        paths.push(path);
    }
    for path in &paths {
        receiver.always(path, Answer::status(200).held());
    }
    let usual = async |_: &mut System| tokio::time::sleep(Duration::from_secs(5)).await;
    let ((), mut pushed, usually) = beside(&mut system, &receiver, usual).await;

    // Somewhere in the middle.
    pushed.extend(push(&system, "lead.captured", EVENTS / 2).await);
    pushed.extend(push(&system, "ticket.created", 1).await);
    pushed.extend(push(&system, "lead.captured", EVENTS - EVENTS / 2).await);
    for round in 1..=3 {
        wait_for_leases(&system.redis, INNOCENTS + 1).await;
        receiver.wait_for_at("/killer", round).await;
        for path in paths[1..].iter().filter(|_| round == 3) {
            receiver.always(path, Answer::status(200).after(TAKES));
        }
        system.workers[0].kill9();
        respawn(&mut system.workers[0]).await;
        redis_clock::pass(&system.redis, PAST_A_LEASE).await;
    }
    assert_eq!(counter(&system.redis, "leasesLost"), 3 * (INNOCENTS + 1));

    let act = async |system: &mut System| serve(system, &receiver, 3).await;
    let ((killed, took), healthy, most) = beside(&mut system, &receiver, act).await;
    pushed.extend(healthy);
    eprintln!(
        "{INNOCENTS} innocents took {took:?} beside {} more kills; healthy p90 {most:?}, usually {usually:?}",
        killed - 3
    );
    assert!(took < WITHIN, "the innocents took {took:?}");
    let bound = (2 * usually).max(Duration::from_millis(500));
    assert!(most < bound, "p90 was {most:?}, usually {usually:?}");

    let record = records(&system).remove(0);
    let lost: usize = connect(&system.redis).hget(&record, "lostLeases").unwrap();
    assert!((3..=killed).contains(&lost), "it lost {lost} leases");

    receiver.open_gate();
    redis_clock::pass(&system.redis, Duration::from_secs(300)).await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(pushed)
        .duplicates_at_most(usize::MAX)
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    system.stop();
}
