//! The clocks of Redis's machine and of all others are hours apart.
//!
//! Proves (guarantees): clocks are hours apart: what was packed is found

use e2e::before;
use e2e::redis_clock;
use e2e::redis_server::RedisServer;
use store::identity::newest_schema;

use crate::history_scene::HistoryScene;
use crate::scene::builder;

/// Redis's clock is so far ahead of all others (ms), from the beginning.
async fn packed_and_found(ahead: i64) {
    let server = RedisServer::start();
    before::make_store_in(&server, newest_schema());
    redis_clock::jump(&server, ahead);
    let mut scene = HistoryScene::start(builder().on(server)).await;
    scene.deliver(800).await;
    scene.minutes_pass();
    scene.wait_until_packed().await;
    scene.assert_all_found(40).await;
    scene.system.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_packed_is_found_although_all_other_clocks_are_ahead() {
    packed_and_found(-3 * 3_600_000).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_packed_is_found_although_all_other_clocks_are_behind() {
    packed_and_found(3 * 3_600_000).await;
}
