//! Added latency 200 ms, half-open sockets.
//!
//! Proves (guarantees): the network is slow, or connections are half open

use std::time::Duration;

use e2e::fault_proxy::Fault;

use crate::scene::{Scene, behind_proxy, builder, more_accepted, more_refused};

/// Redis is 200 ms away from all programs, each way.
#[tokio::test(flavor = "multi_thread")]
async fn with_200_ms_more_all_goes_on() {
    let (redis, proxy) = behind_proxy().await;
    let scene = Scene::start(builder().workers(2).on(redis).env("REDIS_URL", proxy.redis_url())).await;
    proxy.set(Fault::Delay(Duration::from_millis(200)));
    let load = scene.load();
    more_accepted(&load, 40).await;
    // New connections too.
    proxy.cut_all();
    more_accepted(&load, 40).await;
    scene.ends_well(load).await;
}

/// All connections go silent without being closed, as when a router forgets them. They are given up and made anew.
#[tokio::test(flavor = "multi_thread")]
async fn half_open_sockets_are_given_up() {
    let (redis, proxy) = behind_proxy().await;
    let scene = Scene::start(builder().workers(2).on(redis).env("REDIS_URL", proxy.redis_url())).await;
    let load = scene.load();
    for _ in 0..2 {
        more_accepted(&load, 100).await;
        proxy.half_open();
        more_refused(&load, 1).await;
    }
    more_accepted(&load, 100).await;
    scene.ends_well(load).await;
}

/// Nothing passes for a while, and then all that was under way arrives late: calls that were given up are executed after
/// those that replaced them.
#[tokio::test(flavor = "multi_thread")]
async fn what_arrives_late_changes_nothing() {
    let (redis, proxy) = behind_proxy().await;
    let mut scene = Scene::start(builder().workers(2).on(redis).env("REDIS_URL", proxy.redis_url())).await;
    let load = scene.load();
    for _ in 0..2 {
        more_accepted(&load, 100).await;
        proxy.set(Fault::Freeze);
        more_refused(&load, 4).await;
        proxy.set(Fault::None);
    }
    more_accepted(&load, 100).await;
    let loaded = load.stop().await;
    scene.assert_all_run();
    scene.all_delivered(loaded, 0).await;
}
