//! Receivers with few workers that take a second for each request: a batch lasts almost two minutes.
//!
//! Proves (guarantees): gunicorn, waitress, `http.server` and PHP

use std::time::Duration;

use crate::few_workers::hold_batch;

#[tokio::test(flavor = "multi_thread")]
async fn handlers_of_a_second() {
    hold_batch(1.0, Duration::from_secs(280)).await;
}
