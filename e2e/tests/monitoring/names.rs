//! Each program tells exactly the families that the lists name; one worker tells what is in the store, as `webhooksctl status` does, with the
//! rights that the access list gives it.

use std::collections::BTreeSet;

use e2e::client::{Caller, NewEndpoint};
use e2e::process::Process;
use e2e::receiver::{Answer, Receiver};
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use e2e::workspace::root;
use serde_json::json;

async fn page(worker: &Process) -> String {
    let listen = worker.variable("WORKER_LISTEN").unwrap();
    let caller = Caller::new(&format!("http://{listen}"), None);
    caller.get("/metrics").await.expect(200).text
}

/// The families of these lists, without what tells series of one apart.
fn listed(files: &[&str]) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for file in files {
        let text = std::fs::read_to_string(root().join(file)).unwrap();
        names.extend(text.lines().map(|line| {
            let name = line.split(['{', ' ']).next().unwrap();
            // The worker's list has the series of histograms.
            ["_sum", "_count"]
                .iter()
                .find_map(|end| name.strip_suffix(end))
                .unwrap_or(name)
                .to_owned()
        }));
    }
    names
}

fn told(page: &str) -> BTreeSet<String> {
    let lines = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    lines
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect()
}

/// docs/operations.md has a table of all.
#[test]
fn the_page_names_every_metric() {
    let page = std::fs::read_to_string(root().join("docs/operations.md")).unwrap();
    let section = page
        .split("\n## ")
        .find(|section| section.starts_with("Metrics\n"));
    let rows = section
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("| `"));
    let named: Vec<_> = rows
        .map(|row| row.split('`').next().unwrap().to_owned())
        .collect();
    let lists = [
        "api/metrics.txt",
        "worker/metrics.txt",
        "common/exposition/metrics.txt",
    ];
    assert_eq!(named.iter().cloned().collect::<BTreeSet<_>>(), listed(&lists));
    assert_eq!(named.len(), listed(&lists).len());
}

/// The value of a series, as it is written.
fn value<'a>(page: &'a str, series: &str) -> Option<&'a str> {
    page.lines()
        .find_map(|line| line.strip_prefix(series)?.strip_prefix(' '))
}

/// A system of two workers with an endpoint that is well, one that fails, one at its cap, and one that is paused; and three events for each.
async fn busy_system() -> (System, Receiver, NewEndpoint, NewEndpoint) {
    let server = RedisServer::start_guarded();
    let system = System::builder()
        .on_guarded(server)
        .workers(2)
        .worker_env("METRICS_TOP_ENDPOINTS", "2")
        .env("ENDPOINT_CONCURRENCY", "1")
        .env("DELIVERY_TIMEOUT", "30s")
        .env("RETRY_SCHEDULE", "30m")
        .start()
        .await;
    let (customer, receiver) = (system.customer(), Receiver::start().await);
    receiver.always("/failing", Answer::status(500));
    receiver.always("/full", Answer::status(200).held());
    receiver.close_gate();
    customer.create_endpoint(&receiver.url("/fine"), &["*"]).await;
    customer.create_endpoint(&receiver.url("/failing"), &["*"]).await;
    let full = customer.create_endpoint(&receiver.url("/full"), &["*"]).await;
    let paused = customer.create_endpoint(&receiver.url("/paused"), &["*"]).await;
    let pause = json!({"id": paused.id, "state": "paused"});
    let _paused = customer.patch("/api/webhooks-config", &pause).await.expect(200);
    for _ in 0..3 {
        let backend = system.backend();
        backend.push(system.account(), "session.created", json!({})).await;
    }
    (system, receiver, full, paused)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_worker_tells_what_is_in_the_store_and_names_are_those_of_the_lists() {
    let (mut system, receiver, full, paused) = busy_system().await;
    let expected = [
        (r#"webhooks_store_deliveries{shard="0",state="waiting"}"#, "2"),
        (r#"webhooks_store_deliveries{shard="0",state="in_flight"}"#, "1"),
        (r#"webhooks_store_deliveries{shard="0",state="retrying"}"#, "3"),
        (r#"webhooks_store_deliveries{shard="0",state="parked"}"#, "3"),
        (r#"webhooks_store_deliveries{shard="0",state="quarantined"}"#, "0"),
        (r#"webhooks_store_endpoints{shard="0",state="active"}"#, "2"),
        (r#"webhooks_store_endpoints{shard="0",state="paused"}"#, "1"),
        (r#"webhooks_store_endpoints_at_cap{shard="0"}"#, "1"),
        (r#"webhooks_store_retries_due_within_hour{shard="0"}"#, "3"),
        (
            r#"webhooks_store_ended_total{shard="0",outcome="succeeded"}"#,
            "3",
        ),
        (r#"webhooks_store_events_total{shard="0"}"#, "3"),
        (r#"webhooks_store_deliveries_made_total{shard="0"}"#, "12"),
    ];
    let (teller, silent) = eventually(LONG, "a worker to tell what is in the store", async || {
        let pages = [page(&system.workers[0]).await, page(&system.workers[1]).await];
        let tells = |page: &String| page.contains("shard=\"0\",state=");
        check(
            pages.iter().filter(|page| tells(page)).count() == 1,
            pages.concat(),
        )?;
        let [one, other] = pages;
        let (teller, silent) = if tells(&one) { (one, other) } else { (other, one) };
        for (series, expected) in expected {
            let found = value(&teller, series);
            check(found == Some(expected), format!("{series}: {found:?}"))?;
        }
        Ok((teller, silent))
    })
    .await;
    let oldest = value(&teller, r#"webhooks_store_oldest_waiting_seconds{shard="0"}"#).unwrap();
    assert!(oldest.parse::<f64>().unwrap() > 0.0, "{oldest}");
    let series = format!(
        r#"webhooks_store_endpoint_backlog{{shard="0",endpoint="{}"}}"#,
        paused.id
    );
    assert_eq!(value(&teller, &series), Some("3"), "{teller}");
    let told_of = teller
        .lines()
        .filter(|line| line.starts_with("webhooks_store_endpoint_backlog{"));
    assert_eq!(told_of.count(), 2, "{teller}");
    assert!(!teller.contains(&full.secret), "{teller}");

    // Together both workers made these attempts; replays apart, each has its time since the event was accepted.
    let sum = |name: &str| -> f64 {
        let value = |page| value(page, name).unwrap().parse::<f64>().unwrap();
        value(&teller) + value(&silent)
    };
    assert!(
        (sum("webhooks_worker_delivered_after_seconds_count") - 3.0).abs() < 0.1,
        "{teller}"
    );
    assert!(
        (sum("webhooks_worker_first_attempt_after_seconds_count") - 6.0).abs() < 0.1,
        "{teller}"
    );
    assert!(
        teller.contains(r#"webhooks_redis_call_seconds_count{script="work"}"#),
        "{teller}"
    );

    let all = "common/exposition/metrics.txt";
    let worker = listed(&["worker/metrics.txt", all]);
    assert_eq!((told(&teller), told(&silent)), (worker.clone(), told(&teller)));
    let api = system.api_metrics().await;
    let (mut of_api, mut listed) = (told(&api), listed(&["api/metrics.txt", all]));
    // Without a series there is no family; who doesn't look at the store tells nothing of it.
    for names in [&mut of_api, &mut listed] {
        names.retain(|name| {
            !name.starts_with("webhooks_store_") && name != "webhooks_api_auth_failures_total"
        });
    }
    assert_eq!(of_api, listed);
    assert!(value(&api, "webhooks_api_connections_limit").is_some(), "{api}");
    receiver.open_gate();
    system.stop();
}

/// When the worker that looks is gone, another one does.
#[tokio::test(flavor = "multi_thread")]
async fn another_worker_looks_when_the_first_one_has_died() {
    let mut system = System::builder().start().await;
    let tells = async |worker: &Process| {
        eventually(LONG, "a worker to tell what is in the store", async || {
            let page = page(worker).await;
            check(
                page.contains(r#"webhooks_store_seen_age_seconds{shard="0"}"#),
                page,
            )
        })
        .await;
    };
    tells(&system.workers[0]).await;
    system.add_worker();
    system.wait_ready().await;
    system.workers[0].kill9();
    tells(&system.workers[1]).await;
    system.workers.remove(0);
    system.stop();
}
