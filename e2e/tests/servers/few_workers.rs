//! Receivers with one worker or a few, as they come, and a batch of a hundred.
//!
//! Their servers queue what they can't serve yet, and answer in turn: 32 requests at once would wait longer for their turn than any
//! attempt does.
//!
//! Proves (guarantees): gunicorn, waitress, `http.server` and PHP

use std::time::Duration;

use super::real::Server;
use super::scene::{Allowed, Scene, hold_arrivals};

const EVENTS: usize = 100;

/// What a receiver may have seen of a batch: it was asked for a little more than it carries at most twice.
const ALLOWED: Allowed = Allowed {
    timeouts: 2,
    broken: 0,
    duplicates: 2,
};

/// Sends the batch to all of them side by side, each near and 40 ms away: they sleep while they work.
pub(super) async fn hold_batch(handler: f32, within: Duration) {
    let mut scene = Scene::start().await;
    let mut servers = Vec::new();
    for each_way in [Duration::ZERO, Duration::from_millis(40)] {
        for server in [
            Server::gunicorn(&[], handler).await,
            Server::waitress(handler).await,
            Server::http_server(handler).await,
            Server::php(handler).await,
        ] {
            let name = format!("{}, {handler} s, {each_way:?} away", server.name);
            let distance = scene.add_behind(&server, &name, each_way).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn handlers_of_two_fifths_of_a_second() {
    hold_batch(0.4, Duration::from_secs(200)).await;
}
