//! Receivers that allow so many requests a second, and say so.
//!
//! Proves (guarantees): nginx allows 20 requests

use std::time::Duration;

use super::real::Server;
use super::scene::{Allowed, Scene, hold_arrivals};

/// nginx with a limit on requests: more get a 429, which says how many seconds to wait.
async fn limited(rate: &str, burst: u32, retry_after: u32) -> Server {
    let zone = format!("limit_req_zone $server_port zone=all:1m rate={rate};");
    let server = format!(
        "limit_req_status 429; error_page 429 @limited;
         location @limited {{ add_header Retry-After {retry_after} always; return 429; }}
         location / {{ limit_req zone=all burst={burst} nodelay; try_files /none @served; }}
         location @served {{ return 200 ok; }}"
    );
    Server::nginx(&zone, "", &server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_requests_a_second_are_all_that_a_receiver_takes() {
    let nginx = limited("20r/s", 19, 1).await;
    all_arrive_after_a_wait(&nginx, 100, Duration::from_secs(90)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn five_requests_in_ten_seconds_are_all_that_a_receiver_takes() {
    let nginx = limited("30r/m", 4, 10).await;
    all_arrive_after_a_wait(&nginx, 14, Duration::from_secs(120)).await;
}

/// So many events arrive in time, each once, and the receiver asked to wait.
async fn all_arrive_after_a_wait(nginx: &Server, events: usize, within: Duration) {
    let mut scene = Scene::start().await;
    scene.add("limited", nginx.address(), "/hook").await;
    scene.push(events).await;
    scene.hold(events, within, Allowed::default()).await;
    assert!(
        scene.told()[0].held > 0,
        "it was never asked to wait: {:?}",
        scene.told()
    );
    hold_arrivals(nginx, events, Allowed::default());
    scene.system.finish().await;
}
