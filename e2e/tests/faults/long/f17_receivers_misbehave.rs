//! The same with the documented timeout of ten seconds.
//!
//! Proves (guarantees): receivers hang, drip, flood, reset, redirect, speak garbage

use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn with_the_default_timeout() {
    crate::f17_receivers_misbehave::all_at_once(Duration::from_secs(10), 10).await;
}
