//! The live stream with a client that reads nothing: a test that takes its time.

use std::time::Duration;

use e2e::system::System;
use e2e::wait::{check, eventually};
use serde_json::json;

use super::{all_closed, open_streams};
use crate::listener::Listener;
use crate::log_scene::{HOOK, LogScene};

/// The API gives up a client that reads nothing. Meanwhile all others hear everything.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_reads_nothing_is_given_up() {
    let builder = System::builder()
        .env("RETRY_SCHEDULE", "")
        .env("DISABLE_AFTER", "1000000");
    let mut scene = LogScene::start(builder).await;
    // As JSON each of these bytes is six.
    let failure = e2e::receiver::Answer::status(500).body("\u{1}".repeat(1024));
    scene.receiver.always(HOOK, failure);
    let path = scene.path("deliveries/stream");
    let (mut good, _) = Listener::start(&scene.customer, &path, None).await;
    let (silent, _) = Listener::start(&scene.customer, &path, None).await;
    let mut heard = 0;
    eventually(
        Duration::from_secs(120),
        "the silent one to be given up",
        async || {
            scene.push_many(100, &json!({})).await;
            for event in good.events(&["attempt"; 100]).await {
                assert_eq!(event.data["outcome"], "exhausted");
                heard += 1;
            }
            let open = open_streams(&scene.system).await;
            check(open == 1, format!("{open} are open after {heard} attempts"))
        },
    )
    .await;
    drop((good, silent));
    all_closed(&scene.system).await;
    scene.system.stop();
}
