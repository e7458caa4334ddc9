//! Receivers with few workers: a batch that takes a second for each request lasts almost two minutes, and a load lasts a while.
//!
//! Proves (guarantees): gunicorn, waitress, `http.server` and PHP

use std::time::Duration;

use crate::few_workers::{hold_batch, hold_load};

#[tokio::test(flavor = "multi_thread")]
async fn handlers_of_a_second() {
    hold_batch(1.0, Duration::from_secs(280)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_of_80_percent() {
    hold_load(&[0.4, 1.0], Duration::from_secs(50), Duration::from_secs(120)).await;
}
