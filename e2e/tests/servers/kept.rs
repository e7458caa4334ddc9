//! Kept connections that the receiver closes while a request is on its way.
//!
//! That is nobody's fault: the receiver has not begun to read, and never learns of the request. Near, the closing is known before the
//! next request goes out, so these receivers are far away.
//!
//! Proves (guarantees): nginx gives idle connections up

use std::time::Duration;

use e2e::distance::Distance;
use e2e::load::{Load, Shape};
use rustix::process::Signal;

use super::real::Server;
use super::scene::{Allowed, Scene, hold_arrivals};

const WITHIN: Duration = Duration::from_secs(60);

/// Each burst finds connections that have been idle for about as long as nginx keeps them.
#[tokio::test(flavor = "multi_thread")]
async fn nginx_closes_idle_connections_after_a_second_and_bursts_come_that_often() {
    const BURST: usize = 40;
    let nginx = Server::nginx("", "", "keepalive_timeout 1s; location / { return 200 ok; }").await;
    let far = Distance::start(nginx.address(), Duration::from_millis(40)).await;
    let mut scene = Scene::start().await;
    scene.add("nginx", far.address(), "/hook").await;
    let mut pushed = 0;
    for pause in [920, 940, 960, 980, 1000, 1020, 1040, 1060] {
        scene.push(BURST).await;
        pushed += BURST;
        scene.hold(pushed, WITHIN, Allowed::default()).await;
        // The rhythm of the bursts, which is the point.
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    hold_arrivals(&nginx, pushed, Allowed::default());
    scene.system.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nginx_is_reloaded_again_and_again_under_load() {
    let nginx = Server::nginx("", "", "location / { return 200 ok; }").await;
    let far = Distance::start(nginx.address(), Duration::from_millis(40)).await;
    let mut scene = Scene::start().await;
    scene.add("nginx", far.address(), "/hook").await;
    // About 300 a second.
    let shape = Shape {
        callers: 6,
        pause: Duration::from_millis(16),
        ..Shape::gentle(scene.system.account())
    };
    let load = Load::start(&scene.system, &shape);
    for _ in 0..6 {
        // The rhythm of the reloads, with the load between them.
        tokio::time::sleep(Duration::from_millis(700)).await;
        nginx.signal(Signal::HUP);
    }
    let pushed = load.stop().await.accepted.len();
    scene.hold(pushed, WITHIN, Allowed::default()).await;
    hold_arrivals(&nginx, pushed, Allowed::default());
    scene.system.finish().await;
}

/// gunicorn keeps idle connections for two seconds, Node for five and says so.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_comes_every_time_that_gunicorn_gives_a_connection_up() {
    const ENDPOINTS: usize = 6;
    let gunicorn = Server::gunicorn(&["--threads", "8"], 0.0).await;
    let far = Distance::start(gunicorn.address(), Duration::from_millis(80)).await;
    let mut scene = Scene::start().await;
    for number in 0..ENDPOINTS {
        scene
            .add(
                &format!("gunicorn {number}"),
                far.address(),
                &format!("/{number}"),
            )
            .await;
    }
    let mut pushed = 0;
    for pause in [1840, 1880, 1920, 1960, 2000, 2040] {
        scene.push(1).await;
        pushed += 1;
        // The rhythm of the events, which is the point.
        tokio::time::sleep(Duration::from_millis(pause)).await;
    }
    scene.hold(pushed, WITHIN, Allowed::default()).await;
    hold_arrivals(&gunicorn, pushed * ENDPOINTS, Allowed::default());
    scene.system.finish().await;
}
