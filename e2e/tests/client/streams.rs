//! The live streams, read by clients that others wrote, through a proxy that compresses whatever it may.
//!
//! Proves (guarantees): fetch-event-source and event-source-polyfill follow

use crate::story;
use crate::workshop::Workshop;

#[tokio::test(flavor = "multi_thread")]
async fn common_clients_follow_the_live_streams_through_a_proxy_that_compresses_and_over_a_break() {
    let workshop = Workshop::with("streams", "streams");
    story::runs(move |variables| workshop.run("node", &["follow.mjs"], variables)).await;
}
