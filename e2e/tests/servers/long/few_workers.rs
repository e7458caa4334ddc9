//! Receivers with few workers that take a second for each request: a batch lasts almost two minutes.
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
    let lasting: u64 = std::env::var("LASTING").unwrap().parse().unwrap();
    let handlers: Vec<f32> = std::env::var("HANDLERS").unwrap().split(',').map(|text| text.parse().unwrap()).collect();
    hold_load(&handlers, Duration::from_secs(lasting), Duration::from_secs(280)).await;
}
