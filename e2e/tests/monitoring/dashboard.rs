//! Each query of the Grafana dashboard has an answer on a system that works.

use std::time::Duration;

use e2e::client::Caller;
use e2e::receiver::{Answer, Receiver};
use e2e::system::System;
use e2e::workspace::root;
use serde_json::{Value, json};

use crate::prometheus::Prometheus;

/// Queries that rightly have no answer while all is well.
const NONE_WHILE_WELL: [&str; 1] = [r#"sum(ALERTS{alertname=~"Webhooks.*", alertstate="firing"})"#];

/// The queries of all panels, with the names of these.
fn queries(dashboard: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().into_iter().flatten() {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            found.push((text(&panel["title"]), text(&target["expr"])));
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn every_query_has_an_answer() {
    let text = std::fs::read_to_string(root().join("ops/grafana/webhooks.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let queries = queries(&dashboard);
    assert!(queries.len() > 40, "{}", queries.len());

    let mut system = System::builder()
        .redis(&["--maxmemory", "1gb"])
        .worker_env("METRICS_TOP_ENDPOINTS", "10")
        .env("ENDPOINT_CONCURRENCY", "1")
        .env("DISABLE_AFTER", "1000")
        .env("RETRY_SCHEDULE", "1h")
        .start()
        .await;
    let (customer, receiver) = (system.customer(), Receiver::start().await);
    receiver.always("/failing", Answer::status(500));
    receiver.always("/slow", Answer::status(200).after(Duration::from_secs(1)));
    for path in ["/fine", "/failing", "/slow"] {
        customer.create_endpoint(&receiver.url(path), &["*"]).await;
    }
    let prometheus = Prometheus::of(&system).await;
    let (backend, account) = (system.backend(), system.account().to_owned());
    let stranger = Caller::new(&system.api_url(), Some("nobody"));
    let load = tokio::spawn(async move {
        loop {
            backend.push(&account, "session.created", json!({})).await;
            stranger.get("/api/webhooks-config").await;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    for (panel, query) in &queries {
        let query = query.replace("$__rate_interval", "15s");
        if NONE_WHILE_WELL.contains(&query.as_str()) {
            assert_eq!(prometheus.ask(&query).await, Ok(Vec::new()), "{panel}");
        } else {
            eprintln!("{panel}");
            prometheus.wait_for(&query).await;
        }
    }
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        let expression = annotation["expr"].as_str().unwrap();
        prometheus.ask(expression).await.unwrap();
    }
    load.abort();
    drop(prometheus);
    system.stop();
}
