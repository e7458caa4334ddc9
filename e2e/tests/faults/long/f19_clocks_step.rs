//! Steps Redis's clock an hour ahead while long attempts are in flight.
//!
//! Proves (guarantees): clocks step an hour back and forth, also while attempts take up to `DELIVERY_TIMEOUT`

use std::time::Duration;

use e2e::receiver::Answer;
use e2e::state::{connect, key};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;

use crate::scene::{Scene, builder, step_clock};
use crate::worker_scene::{push, wait_for_leases};

/// With `DELIVERY_TIMEOUT=60s`, five attempts are open when the clock steps, and for half a minute after it: their leases seem
/// to have expired, and none is sent twice.
#[tokio::test(flavor = "multi_thread")]
async fn attempts_that_are_open_for_half_a_minute_are_not_sent_twice() {
    let scene = Scene::start(builder().worker_env("DELIVERY_TIMEOUT", "60s")).await;
    for endpoint in &scene.endpoints {
        scene.system.end_slow_start(&endpoint.id);
    }
    scene.receiver.always("/one", Answer::status(200).held());
    scene.receiver.always("/two", Answer::status(200).held());
    let pushed = push(&scene.system, "lead.captured", 5).await;
    scene.receiver.wait_for(10).await;
    wait_for_leases(&scene.system.redis, 10).await;
    let kept_up = || -> i64 {
        connect(&scene.system.redis)
            .hget(key("stats"), "reapedAt")
            .unwrap()
    };
    let before = kept_up();
    step_clock(&scene.system.redis, 3_600_000);
    // Twenty seconds are as long as leases were left alone after a step, whatever the timeout was.
    let until = before + 3_600_000 + 30_000;
    eventually(LONG, "upkeep to go on for half a minute", async || {
        let now = kept_up();
        check(now >= until, format!("{} ms are left", until - now))
    })
    .await;
    assert_eq!(scene.receiver.count(), 10, "attempts were made twice");
    scene.receiver.open_gate();
    let loaded = e2e::load::Loaded {
        accepted: pushed,
        slowest: Duration::ZERO,
        ..e2e::load::Loaded::default()
    };
    scene.all_delivered(loaded, 0).await;
}
