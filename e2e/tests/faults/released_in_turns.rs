//! 20,000 parked deliveries are released while live events come for the same endpoint and for another one: these don't wait behind
//! what is old.
//!
//! Proves (guarantees): what was parked comes back in turns with live events

use std::collections::HashMap;

use e2e::account::Account;
use e2e::client::Pushed;
use e2e::receiver::Receiver;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::f15_storms::{STORM, accept_many};
use crate::scene::{builder, store};

const COUNT: usize = 20_000;

/// How many live events come, each when so many more of the parked ones have arrived.
const LIVE: usize = 15;
const EVERY: usize = 1000;

/// The most that may arrive at the endpoint between a live event's acceptance and its arrival: what stands in line before it, and
/// those in flight, of which some began after it.
const BEFORE_IT: usize = 128 + 32 + 32;

/// The most of them that may arrive before an event that was accepted then arrives at another endpoint: endpoints take turns.
const BEFORE_ANOTHERS: usize = 1000;

/// How far a parked delivery may be from its place: those in flight overtake each other.
const OUT_OF_PLACE: usize = 1000;

#[tokio::test(flavor = "multi_thread")]
async fn live_events_of_the_same_and_of_another_endpoint_do_not_wait_behind_what_was_parked() {
    let mut system = builder().workers(0).start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer_of("org_storm");
    let endpoint = customer.create_endpoint(&receiver.url("/parked"), &["*"]).await;
    let parked = accept_many(&store(&system.redis), COUNT).await;
    let switch = async |active: bool| {
        let patch = json!({"id": endpoint.id, "active": active});
        let reply = customer.patch("/api/webhooks-config", &patch).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
    };
    switch(false).await;
    let other = receiver.url("/other");
    customer.create_endpoint(&other, &["ticket.created"]).await;
    system.add_worker();
    system.wait_ready().await;
    switch(true).await;

    let backend = system.backend();
    let mut live: Vec<(Pushed, usize)> = Vec::new();
    for number in 1..=LIVE {
        eventually(LONG, "the release to go on", async || {
            let count = receiver.count();
            check(count >= number * EVERY, format!("{count} for {number}"))
        })
        .await;
        let pushed = backend
            .push(STORM, "ticket.created", json!({"live": number}))
            .await;
        assert_eq!(pushed.deliveries, 2);
        live.push((pushed, receiver.count()));
    }
    let all = receiver
        .wait_until(3 * LONG, "everything".to_owned(), |all| {
            all.len() == COUNT + 2 * LIVE
        })
        .await;

    let mut place: HashMap<(&str, &str), usize> = HashMap::new();
    for (at, request) in all.iter().enumerate() {
        place.insert((&request.path, request.expect_header("webhook-id")), at);
    }
    for (event, accepted_at) in &live {
        for (path, most) in [("/parked", BEFORE_IT), ("/other", BEFORE_ANOTHERS)] {
            let arrived_at = place[&(path, event.id.as_str())];
            let before = arrived_at.saturating_sub(*accepted_at);
            assert!(before <= most, "{before} arrived before a live event at {path}");
        }
    }
    let (last, _) = &live[LIVE - 1];
    let last = place[&("/parked", last.id.as_str())];
    assert!(last < COUNT, "much of what was parked came after the live events");
    for (expected, event) in parked.iter().enumerate() {
        let at = place[&("/parked", event.id.as_str())];
        let distance = at.abs_diff(expected);
        assert!(
            distance <= OUT_OF_PLACE,
            "the oldest come first: {expected} came as {at}"
        );
    }
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(parked)
        .accepted(live.into_iter().map(|(event, _)| event))
        .balance()
        .await;
    assert_eq!(balance.delivered, balance.deliveries);
    system.stop();
}
