//! One of two workers can't do its work: it has another `SECRETS_KEY`, a proxy that is dead or hangs, or no names resolve there. It
//! restrains itself, says so, and the other one delivers.
//!
//! Proves (guarantees): one of several workers can't do its work
//! Proves (guarantees): a worker can't open the secret, or can't do its work at all

use e2e::account::Account;
use e2e::client::Pushed;
use e2e::egress_proxy::{Conduct, EgressProxy};
use e2e::namespaces::run_apart;
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::state::{connect, key};
use e2e::system::{System, secrets_key};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::f26_our_own_network::set_the_network_up;

/// Endpoints, and events of the main push.
const ENDPOINTS: usize = 20;
const EVENTS: usize = 100;

/// The most that a worker fetches which knows that it can't do its work, while the other one delivers everything.
const FEW: u64 = 100;

async fn page(worker: &Process, path: &str) -> (StatusCode, String) {
    let url = format!("http://{}{path}", worker.variable("WORKER_LISTEN").unwrap());
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = client.get(url).send().await.unwrap();
    (answer.status(), answer.text().await.unwrap())
}

async fn metric(worker: &Process, name: &str) -> u64 {
    let (_, text) = page(worker, "/metrics").await;
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("{name} is missing: {text}"))
        .parse()
        .unwrap()
}

fn events(system: &System, count: usize) -> Vec<Value> {
    let event =
        json!({"accountId": system.account(), "event": "message.sent", "chatbotId": "bot_1", "data": {}});
    vec![event; count]
}

/// Waits until a worker is not ready, and says so in these words.
async fn not_ready(worker: &Process, words: &str) {
    eventually(LONG, "the bad worker to say that it is not ready", async || {
        let (status, text) = page(worker, "/readyz").await;
        check(status == 503 && text.contains(words), format!("{status}: {text}"))
    })
    .await;
}

/// With a second worker that has these variables: everything arrives, it takes almost nothing, and `/readyz` has these words.
async fn one_is_bad(variables: &[(&str, &str)], need: &str, words: &str) {
    // One receiver stands for many, so that one worker alone does not fill its places.
    let mut system = System::builder()
        .env("DELIVERY_TIMEOUT", "2s")
        .worker_env("DESTINATION_CONCURRENCY", "4096")
        .start()
        .await;
    let receiver = Receiver::start().await;
    let customer = system.customer();
    let mut endpoints = Vec::new();
    for number in 0..ENDPOINTS {
        let url = receiver.url(&format!("/{number}"));
        endpoints.push(customer.create_endpoint(&url, &["*"]).await.id);
    }
    // The second one has as many places: it gets hold of something however busy the first one is.
    let variables = variables
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    system.worker_environment.extend(variables);
    system.add_worker();
    system.wait_ready().await;
    let mut accepted = Vec::new();
    finds_out(&system, need, &mut accepted).await;
    everything_arrives_at_the_other(&system, &receiver, accepted, words).await;
    for id in &endpoints {
        let endpoint = customer.endpoint(id).await;
        assert_eq!(endpoint["consecutiveFailures"], 0, "{endpoint}");
        assert_eq!(endpoint["active"], true, "{endpoint}");
    }
    system.finish().await;
}

/// Pushes until the second worker knows what it lacks, by what it gets hold of.
async fn finds_out(system: &System, need: &str, accepted: &mut Vec<Pushed>) {
    let lacks = format!("webhooks_worker_lacks{{need=\"{need}\"}}");
    eventually(LONG, "the bad worker to find out", async || {
        accepted.extend(system.backend().push_batch(&events(system, 5)).await);
        let found = metric(&system.workers[1], &lacks).await;
        check(found == 1, format!("{} events", accepted.len()))
    })
    .await;
}

/// The second worker has found out. What comes now is delivered by the first one, with what was accepted before.
async fn everything_arrives_at_the_other(
    system: &System,
    receiver: &Receiver,
    mut accepted: Vec<Pushed>,
    words: &str,
) {
    let (good, bad) = (&system.workers[0], &system.workers[1]);
    not_ready(bad, words).await;
    let before = metric(bad, "webhooks_worker_fetched_total").await;

    accepted.extend(system.backend().push_batch(&events(system, EVENTS)).await);
    let deliveries = accepted.len() * ENDPOINTS;
    receiver.wait_for(deliveries).await;
    let fetched = metric(bad, "webhooks_worker_fetched_total").await - before;
    assert!(fetched <= FEW, "{fetched} of {deliveries}");
    not_ready(bad, words).await;
    let (status, text) = page(good, "/readyz").await;
    assert_eq!(status, 200, "{text}");

    let balance = Account::of(system)
        .at(receiver)
        .accepted(accepted)
        .balance()
        .await;
    assert_eq!(balance.delivered, deliveries, "{balance:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_other_keys_takes_almost_nothing_and_the_other_one_delivers() {
    one_is_bad(&[("SECRETS_KEY", &secrets_key(8))], "keys", "SECRETS_KEY").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_a_dead_proxy_takes_almost_nothing_and_the_other_one_delivers() {
    let dead = format!("http://127.0.0.1:{}", free_port());
    one_is_bad(&[("EGRESS_PROXY", &dead)], "proxy", "EGRESS_PROXY").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_with_a_proxy_that_hangs_takes_almost_nothing_and_the_other_one_delivers() {
    let proxy = EgressProxy::start().await;
    proxy.conduct(Conduct::Hang);
    one_is_bad(&[("EGRESS_PROXY", proxy.url().as_str())], "proxy", "EGRESS_PROXY").await;
}

/// Its resolver asks over TCP, where nobody answers.
#[test]
fn a_worker_on_which_no_name_resolves_takes_almost_nothing_and_the_other_one_delivers() {
    run_apart(
        &["--mount", "--net"],
        "f27_one_bad_worker::a_worker_on_which_no_name_resolves_takes_almost_nothing_and_the_other_one_delivers",
        async || {
            let names = set_the_network_up();
            let mut system = System::builder().env("DELIVERY_TIMEOUT", "2s").start().await;
            let receiver = Receiver::start().await;
            let mut endpoints = Vec::new();
            for number in 0..ENDPOINTS {
                let name = format!("hooks.customer{number}.example");
                names.set(&name, &["127.0.0.1"]);
                let url = format!("http://{name}:{}/{number}", receiver.address().port());
                endpoints.push(system.customer().create_endpoint(&url, &["*"]).await.id);
            }
            let mut accepted = system.backend().push_batch(&events(&system, 1)).await;
            receiver.wait_for(ENDPOINTS).await;
            eventually(LONG, "it to be known who answered", async || {
                let known: usize = connect(&system.redis).zcard(key("answered")).unwrap();
                check(known >= ENDPOINTS, format!("{known} are known"))
            })
            .await;

            system.worker_environment =
                vec![("RES_OPTIONS".to_owned(), "use-vc attempts:1 timeout:1".to_owned())];
            system.add_worker();
            system.wait_ready().await;
            finds_out(&system, "network", &mut accepted).await;
            everything_arrives_at_the_other(&system, &receiver, accepted, "DNS").await;
            for id in &endpoints {
                let endpoint = system.customer().endpoint(id).await;
                assert_eq!(endpoint["active"], true, "{endpoint}");
            }
            system.stop();
        },
    );
}

/// The only worker has the wrong key: everything waits, unharmed, and arrives once that is corrected.
#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_the_right_keys_arrives_when_they_come() {
    let mut system = System::builder()
        .worker_env("SECRETS_KEY", secrets_key(8))
        .start()
        .await;
    let receiver = Receiver::start().await;
    let endpoint = system
        .customer()
        .create_endpoint(&receiver.url("/"), &["*"])
        .await;
    let accepted = system.backend().push_batch(&events(&system, 20)).await;
    not_ready(&system.workers[0], "SECRETS_KEY").await;
    let seen = system.customer().endpoint(&endpoint.id).await;
    assert_eq!(
        (&seen["consecutiveFailures"], &seen["queueDepth"]),
        (&json!(0), &json!(20)),
        "{seen}"
    );
    assert_eq!(receiver.count(), 0);
    let status = system.workers[0].terminate();
    assert!(status.success(), "{status}");
    system.workers[0].set("SECRETS_KEY", &secrets_key(7));
    system.workers[0].restart();
    system.wait_ready().await;
    let balance = Account::of(&system)
        .at(&receiver)
        .accepted(accepted)
        .balance()
        .await;
    assert_eq!(balance.delivered, 20, "{balance:?}");
    let (_, text) = page(&system.workers[0], "/readyz").await;
    assert!(text.contains("\"ready\""), "{text}");
    system.finish().await;
}
