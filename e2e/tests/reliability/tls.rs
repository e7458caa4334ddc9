//! Certificates of receivers.

use e2e::receiver::{Receiver, TestCa};
use e2e::system::System;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_checked() {
    let (trusted, other) = (TestCa::new(), TestCa::new());
    let system = System::builder()
        .env("SSL_CERT_FILE", trusted.pem_file().to_str().unwrap())
        .env("RETRY_SCHEDULE", "")
        .start()
        .await;
    let good = Receiver::start_tls(&trusted).await;
    let wrong_name = Receiver::start_tls_as(&trusted, &["elsewhere.example"]).await;
    let untrusted = Receiver::start_tls(&other).await;
    let customer = system.customer();
    let mut ids = Vec::new();
    for (receiver, error) in [
        (&good, json!(null)),
        (&wrong_name, json!("tls")),
        (&untrusted, json!("tls")),
    ] {
        let id = customer.create_endpoint(&receiver.url("/hook"), &["*"]).await.id;
        ids.push((id, error));
    }
    system
        .backend()
        .push(system.account(), "session.created", json!({}))
        .await;
    for (id, error) in ids {
        let endpoint = system
            .wait_for_endpoint(&id, "the attempt", |endpoint| !endpoint["lastAttempt"].is_null())
            .await;
        assert_eq!(endpoint["lastAttempt"]["error"], error, "{endpoint}");
    }
    assert_eq!((good.count(), wrong_name.count(), untrusted.count()), (1, 0, 0));
    system.finish().await;
}
