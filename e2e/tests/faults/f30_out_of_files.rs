//! A worker that has no file left for a connection gives its deliveries back: no receiver is to blame, and nothing is lost.
//!
//! Proves (guarantees): no permit, file, port or place for a look-up is free here

use std::collections::BTreeSet;

use e2e::account::Account;
use e2e::receiver::Receiver;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use rustix::process::{Pid, Resource, Rlimit, prlimit};
use serde_json::{Value, json};

const ENDPOINTS: usize = 20;

/// Lets a process open only files with numbers below this.
fn limit_files(process: u32, below: u64) {
    let process = Pid::from_raw(process.try_into().unwrap()).unwrap();
    let limit = Rlimit {
        current: Some(below),
        maximum: Some(4096),
    };
    prlimit(Some(process), Resource::Nofile, limit).unwrap();
}

/// The lowest number that no open file of a process has.
fn next_file(process: u32) -> u64 {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let open: BTreeSet<u64> = files
        .map(|file| file.unwrap().file_name().to_str().unwrap().parse().unwrap())
        .collect();
    (0..).find(|number| !open.contains(number)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_worker_has_no_file_for_is_given_back_and_blamed_on_nobody() {
    let system = System::builder().start().await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let mut endpoints = Vec::new();
    for number in 0..ENDPOINTS {
        let url = receiver.url(&format!("/{number}"));
        endpoints.push(customer.create_endpoint(&url, &["*"]).await.id);
    }
    let events: Vec<Value> = vec![
        json!({"accountId": system.account(), "event": "message.sent", "chatbotId": "bot_1", "data": {}});
        20
    ];
    // Over a connection that is open already, since the worker can't accept one then.
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let url = format!(
        "http://{}/metrics",
        system.workers[0].variable("WORKER_LISTEN").unwrap()
    );
    let metrics = async || client.get(&url).send().await.unwrap().text().await.unwrap();
    metrics().await;
    let worker = system.workers[0].id();
    limit_files(worker, next_file(worker));
    let accepted = system.backend().push_batch(&events).await;
    eventually(LONG, "deliveries to be given back", async || {
        let text = metrics().await;
        let name = "webhooks_worker_given_back_total{reason=\"resources\"} ";
        let given_back = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        check(given_back.parse::<u64>().unwrap() >= 20, given_back.to_owned())
    })
    .await;
    for id in &endpoints {
        let endpoint = customer.endpoint(id).await;
        assert_eq!(endpoint["consecutiveFailures"], 0, "{endpoint}");
        assert_eq!(endpoint["active"], true, "{endpoint}");
    }
    limit_files(worker, 4096);
    receiver.wait_for(accepted.len() * ENDPOINTS).await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(accepted)
        .balance()
        .await;
    assert_eq!(balance.delivered, 20 * ENDPOINTS, "{balance:?}");
    assert_eq!(balance.duplicates, 0, "{balance:?}");
    system.finish().await;
}
