//! Receivers with one worker or a few, as they come: a batch of a hundred, and a load of 80 % of what they can do.
//!
//! Their servers queue what they can't serve yet, and answer in turn: 32 requests at once would wait longer for their turn than any
//! attempt does.
//!
//! Proves (guarantees): gunicorn, waitress, `http.server` and PHP

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use super::real::Server;
use super::scene::{Allowed, Scene, hold_arrivals};

const EVENTS: usize = 100;

/// What a receiver may have seen of a batch: it was asked for a little more than it carries at most twice.
const ALLOWED: Allowed = Allowed {
    timeouts: 2,
    broken: 0,
    duplicates: 2,
};

/// Each rate has a type of event of its own.
const EVENT_TYPES: [&str; 6] = [
    "session.created",
    "message.received",
    "message.sent",
    "lead.captured",
    "ticket.created",
    "ticket.updated",
];

/// How far away they are, each way.
const DISTANCES: [Duration; 2] = [Duration::ZERO, Duration::from_millis(40)];

/// Those with one worker, and waitress with its four.
async fn with_few_workers(handler: f32) -> [(Server, u32); 4] {
    [
        (Server::gunicorn(&[], handler).await, 1),
        (Server::waitress(handler).await, 4),
        (Server::http_server(handler).await, 1),
        (Server::php(handler).await, 1),
    ]
}

/// Sends the batch to all of them side by side, each near and 40 ms away: they sleep while they work.
pub(super) async fn hold_batch(handler: f32, within: Duration) {
    let mut scene = Scene::start().await;
    let mut servers = Vec::new();
    for each_way in DISTANCES {
        for (server, _) in with_few_workers(handler).await {
            let name = format!("{}, {handler} s, {each_way:?} away", server.name);
            let distance = scene.add_behind(&server, &name, "*", each_way).await;
            servers.push((server, distance));
        }
    }
    scene.push(EVENTS).await;
    scene.hold(EVENTS, within, ALLOWED).await;
    for (server, _) in &servers {
        hold_arrivals(server, EVENTS, ALLOWED);
    }
    scene.system.finish().await;
}

/// Sends all of them 80 % of what they can do for a while, side by side, near and far. A steady clock gives each event its time,
/// whatever becomes of those before it: what has to be sent again comes on top.
pub(super) async fn hold_load(handlers: &[f32], lasting: Duration, within: Duration) {
    let mut scene = Scene::start().await;
    let (mut servers, mut rates) = (Vec::new(), BTreeMap::new());
    for &handler in handlers {
        for each_way in DISTANCES {
            for (server, workers) in with_few_workers(handler).await {
                let name = format!("{}, {handler} s, {each_way:?} away", server.name);
                // gunicorn's worker serves nobody else until we have closed the connection too.
                let lingers = if server.name == "gunicorn" {
                    2 * each_way
                } else {
                    Duration::ZERO
                };
                let every = (Duration::from_secs_f32(handler) + lingers) * 5 / (4 * workers);
                let number = rates.len();
                let event = *rates.entry(every).or_insert_with(|| EVENT_TYPES[number]);
                let distance = scene.add_behind(&server, &name, event, each_way).await;
                servers.push((server, events_in(lasting, every), distance));
            }
        }
    }
    let pushes = rates
        .iter()
        .map(|(every, event)| scene.push_steadily(event, *every, events_in(lasting, *every)));
    join_all(pushes).await;
    let counts: Vec<_> = servers.iter().map(|(_, count, _)| *count).collect();
    scene.hold_counts(&counts, within, ALLOWED).await;
    for (server, count, _) in &servers {
        hold_arrivals(server, *count, ALLOWED);
    }
    scene.system.finish().await;
}

fn events_in(lasting: Duration, every: Duration) -> usize {
    usize::try_from(lasting.as_nanos() / every.as_nanos()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn handlers_of_two_fifths_of_a_second() {
    hold_batch(0.4, Duration::from_secs(200)).await;
}
