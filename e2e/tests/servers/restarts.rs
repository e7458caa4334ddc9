//! Receivers that are restarted under load.
//!
//! Proves (guarantees): gunicorn and Node are killed

use std::time::Duration;

use e2e::wait::{LONG, check, eventually};

use super::real::Server;
use super::scene::{Allowed, Scene, hold_arrivals};

const EVENTS: usize = 400;

/// Thirty-two attempts end at once, in a hundredth of a second. That is one incident, and it is over before ten seconds have passed.
async fn hold_restart(mut server: Server) {
    let mut scene = Scene::start().await;
    scene.add(&server.name, server.address(), "/hook").await;
    scene.push(EVENTS).await;
    eventually(LONG, "a full load", async || {
        check(server.arrivals().len() >= 100, "too few requests")
    })
    .await;
    server.kill();
    // So long is it away, whatever happens meanwhile.
    tokio::time::sleep(Duration::from_secs(4)).await;
    server.start().await;
    let allowed = Allowed {
        timeouts: 0,
        broken: usize::MAX,
        duplicates: 2 * 32,
    };
    scene.hold(EVENTS, 2 * LONG, allowed).await;
    let told = scene.told();
    assert!(told[0].broken > 0, "nobody noticed the restart: {told:?}");
    hold_arrivals(&server, EVENTS, allowed);
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn gunicorn_is_killed_and_back_within_ten_seconds() {
    hold_restart(Server::gunicorn(&["--threads", "32"], 0.2).await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn node_is_killed_and_back_within_ten_seconds() {
    hold_restart(Server::node(0.2).await).await;
}
