//! Servers that end TLS connections without a word.
//!
//! Proves (guarantees): Python's `ssl` ends

use e2e::receiver::TestCa;
use e2e::wait::LONG;

use super::real::Server;
use super::scene::{Allowed, Scene, hold_arrivals};

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_says_no_goodbye_is_believed() {
    const EVENTS: usize = 5;
    const PATHS: [&str; 4] = ["/length", "/chunked", "/end", "/none"];
    let ca = TestCa::new();
    let server = Server::abrupt_tls(&ca.server_files(&["127.0.0.1"])).await;
    let mut scene =
        Scene::with(|builder| builder.env("SSL_CERT_FILE", ca.pem_file().to_str().unwrap())).await;
    for path in PATHS {
        let url = format!("https://{}{path}", server.address());
        scene.add_url(path, &url).await;
    }
    scene.push(EVENTS).await;
    scene.hold(EVENTS, LONG, Allowed::default()).await;
    hold_arrivals(&server, EVENTS * PATHS.len(), Allowed::default());
    scene.system.finish().await;
}
