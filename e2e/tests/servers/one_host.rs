//! Many endpoints of one host, which have nothing to do with each other.
//!
//! Proves (guarantees): eight endpoints of one nginx

use std::time::Duration;

use e2e::distance::Distance;
use e2e::load::{Load, Shape};
use e2e::receiver::{Answer, Receiver, TestCa};
use e2e::wait::{LONG, check, eventually};

use super::real::Server;
use super::scene::{Allowed, Scene, hold_arrivals};

const ENDPOINTS: usize = 8;

/// nginx offers HTTP/2, on which all of these would share one connection and its 128 streams.
#[tokio::test(flavor = "multi_thread")]
async fn eight_endpoints_of_one_host_may_all_take_six_seconds() {
    const EVENTS: usize = 3;
    let ca = TestCa::new();
    let behind = Receiver::start().await;
    for number in 0..ENDPOINTS {
        behind.always(
            &format!("/{number}"),
            Answer::status(200).after(Duration::from_secs(6)),
        );
    }
    let [certificate, key] = ca.server_files(&["127.0.0.1"]);
    let tls = format!(
        "ssl_certificate {}; ssl_certificate_key {}; proxy_set_header x-spoken $server_protocol; location / {{ proxy_pass http://{}; }}",
        certificate.display(),
        key.display(),
        behind.address()
    );
    let nginx = Server::nginx("", "ssl http2", &tls).await;
    let mut scene =
        Scene::with(|builder| builder.env("SSL_CERT_FILE", ca.pem_file().to_str().unwrap())).await;
    for number in 0..ENDPOINTS {
        let url = format!("https://{}/{number}", nginx.address());
        scene.add_url(&format!("endpoint {number}"), &url).await;
    }
    scene.push(EVENTS).await;
    scene.hold(EVENTS, LONG, Allowed::default()).await;
    hold_arrivals(&nginx, EVENTS * ENDPOINTS, Allowed::default());
    for request in behind.received() {
        assert_eq!(request.header("x-spoken"), Some("HTTP/1.1"));
    }
    scene.system.finish().await;
}

/// One connection of many stops in the middle: one attempt waits in vain, and no other endpoint notices.
#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_connection_is_one_failure_of_one_endpoint() {
    let nginx = Server::nginx("", "", "location / { return 200 ok; }").await;
    let far = Distance::start(nginx.address(), Duration::from_millis(20)).await;
    let mut scene = Scene::with(|builder| builder.env("DELIVERY_TIMEOUT", "3s")).await;
    for number in 0..ENDPOINTS {
        let path = format!("/{number}");
        scene
            .add(&format!("endpoint {number}"), far.address(), &path)
            .await;
    }
    let load = Load::start(&scene.system, &Shape::gentle(scene.system.account()));
    eventually(LONG, "a load on all connections", async || {
        check(nginx.arrivals().len() > 200, "too few requests")
    })
    .await;
    far.freeze_one();
    eventually(LONG, "the attempt that waits in vain", async || {
        let timeouts: usize = scene.told().iter().map(|told| told.timeouts).sum();
        check(timeouts > 0, "no timeout yet")
    })
    .await;
    let pushed = load.stop().await.accepted.len();
    let allowed = Allowed {
        timeouts: 1,
        ..Allowed::default()
    };
    scene.hold(pushed, LONG, allowed).await;
    let told = scene.told();
    assert_eq!(
        told.iter().map(|told| told.timeouts).sum::<usize>(),
        1,
        "{told:?}"
    );
    hold_arrivals(&nginx, pushed * ENDPOINTS, Allowed::default());
    scene.system.finish().await;
}
