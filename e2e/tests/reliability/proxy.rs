//! Workers reach receivers through `EGRESS_PROXY`, and only through it.
//!
//! Proves (security): Redirects are failures; environment proxies are ignored; through `EGRESS_PROXY` the same addresses are judged
//! Proves (guarantees): our proxy fails

use e2e::clerk::KeySetServer;
use e2e::egress_proxy::{Conduct, EgressProxy};
use e2e::receiver::{Receiver, TestCa};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

/// A variable that was meant for something else leads nobody's data away: not what is delivered, not what is verified.
#[tokio::test(flavor = "multi_thread")]
async fn proxies_of_the_environment_are_ignored() {
    let canary = EgressProxy::start().await;
    let receiver = Receiver::start().await;
    let ca = TestCa::new();
    let secured = Receiver::start_tls(&ca).await;
    let key = e2e::clerk::SigningKey::generate("ins_test");
    let key_set = KeySetServer::start(&[&key]).await;
    let mut builder = System::builder()
        .api_env("CLERK_JWT_KEY", "")
        .api_env("CLERK_JWKS_URL", key_set.url());
    for name in [
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
    ] {
        builder = builder.env(name, canary.url());
    }
    let system = builder.env("NO_PROXY", "").env("no_proxy", "").start().await;
    let token = e2e::clerk::Claims::v2("user_2test", Some("org_2test")).sign(&key);
    let customer = system.caller(&token);
    for url in [receiver.url("/"), secured.url("/")] {
        customer.create_endpoint(&url, &["*"]).await;
    }
    system
        .backend()
        .push(system.account(), "session.created", json!({}))
        .await;
    receiver.wait_for(1).await;
    eventually(LONG, "a connection to the https receiver", async || {
        check(secured.connections() > 0, "none yet")
    })
    .await;
    assert!(key_set.requests() > 0);
    assert_eq!(canary.connections(), 0);
}

/// `EGRESS_PROXY` is the only way out, and when it is closed, deliveries wait: no endpoint gets a strike for it.
#[tokio::test(flavor = "multi_thread")]
async fn deliveries_wait_for_the_proxy_and_no_endpoint_is_to_blame() {
    let mut proxy = EgressProxy::start().await;
    let receiver = Receiver::start().await;
    let system = System::builder()
        .worker_env("EGRESS_PROXY", proxy.url())
        .env("DELIVERY_TIMEOUT", "4s")
        .env("DISABLE_AFTER", "1")
        .start()
        .await;
    let customer = system.customer();
    let mut endpoints = Vec::new();
    for number in 0..3 {
        let url = receiver.url(&format!("/{number}"));
        endpoints.push(customer.create_endpoint(&url, &["*"]).await.id);
    }
    let push = async || {
        let pushed = system
            .backend()
            .push(system.account(), "session.created", json!({}))
            .await;
        assert_eq!(pushed.deliveries, 3);
    };
    push().await;
    receiver.wait_for(3).await;
    answers_recorded(&system).await;
    assert!(
        proxy
            .asked()
            .iter()
            .all(|head| head.starts_with("CONNECT 127.0.0.1:"))
    );

    let mut delivered = 3;
    for trouble in [
        Some(Conduct::Answer("HTTP/1.1 407 Proxy Authentication Required")),
        Some(Conduct::Hang),
        None,
    ] {
        // Open connections would still work, so they must end with the proxy.
        proxy.stop().await;
        if let Some(conduct) = &trouble {
            proxy.conduct(conduct.clone());
            proxy.listen().await;
        }
        let before = given_back(&system).await;
        push().await;
        eventually(LONG, "deliveries to be given back", async || {
            let count = given_back(&system).await - before;
            check(count >= 4, format!("{trouble:?}: {count}"))
        })
        .await;
        for id in &endpoints {
            let endpoint = customer.endpoint(id).await;
            assert_eq!(endpoint["consecutiveFailures"], 0, "{trouble:?}: {endpoint}");
            assert_eq!(endpoint["active"], true, "{trouble:?}: {endpoint}");
        }
        assert_eq!(receiver.count(), delivered, "{trouble:?}");
        proxy.conduct(Conduct::Tunnel);
        if trouble.is_none() {
            proxy.listen().await;
        }
        delivered += 3;
        receiver.wait_for(delivered).await;
        answers_recorded(&system).await;
    }
    system.finish().await;
    assert_eq!(receiver.count(), delivered, "each was delivered once");
}

/// Waits until no answer is under way any more: one that the proxy takes with it when it ends would make a duplicate.
async fn answers_recorded(system: &System) {
    eventually(LONG, "the answers to be recorded", async || {
        let leases = system.redis.raw("ZCARD wh:{0}:leases").unwrap();
        check(leases == ":0\r\n", leases)
    })
    .await;
}

/// How often a delivery was given back because of the proxy.
async fn given_back(system: &System) -> u64 {
    let url = format!(
        "http://{}/metrics",
        system.workers[0].variable("WORKER_LISTEN").unwrap()
    );
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let text = client.get(url).send().await.unwrap().text().await.unwrap();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(r#"webhooks_worker_given_back_total{reason="proxy"} "#));
    line.unwrap().parse().unwrap()
}
