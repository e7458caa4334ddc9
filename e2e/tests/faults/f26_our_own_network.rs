//! Our own network goes away under a worker, or its resolver fails: no endpoint stays disabled for it, `/readyz` says whose trouble it
//! is, and afterwards everything arrives. One customer's dead host still counts.
//!
//! The real programs run in a network of their own (see `f18_private_addresses`).
//!
//! Proves (guarantees): our own network or resolver fails
//! Proves (guarantees): our own network is down

use std::net::{Ipv4Addr, SocketAddr};

use e2e::account::Account;
use e2e::client::Pushed;
use e2e::name_server::NameServer;
use e2e::namespaces::{resolve_names_here, run, run_apart};
use e2e::ports::free_port;
use e2e::process::Process;
use e2e::receiver::Receiver;
use e2e::state::{connect, key};
use e2e::system::{Builder, System};
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::json;

use crate::scene::builder;
use crate::worker_scene::{counter, wait_for_metric};

/// The network that all receivers are in, as an address of ours and what follows from it.
const NETWORK: &str = "10.9.0.1/24";

/// A host that is not there.
const NOBODY: &str = "10.10.0.1";

/// How many customers' hosts there are, and endpoints on each.
const HOSTS: usize = 38;
const ENDPOINTS: usize = 5; // an account may have 100

/// Two organisations, so that one customer can't be taken for all.
const OTHER: &str = "org_other";

#[test]
fn a_network_that_goes_away_disables_nobody() {
    run_apart(
        &["--mount", "--net"],
        "f26_our_own_network::a_network_that_goes_away_disables_nobody",
        async || {
            let names = set_the_network_up();
            let mut scene = Scene::start(names, "0s").await;
            scene
                .survives(|_| set_network(false), |_| set_network(true))
                .await;
            scene.one_customers_outage_counts().await;
            scene.balances().await;
        },
    );
}

#[test]
fn a_resolver_that_fails_disables_nobody() {
    run_apart(
        &["--mount", "--net"],
        "f26_our_own_network::a_resolver_that_fails_disables_nobody",
        async || {
            let names = set_the_network_up();
            let mut scene = Scene::start(names, "0s").await;
            scene
                .survives(|names| names.fail(true), |names| names.fail(false))
                .await;
            scene.balances().await;
        },
    );
}

/// Brings loopback up with the network of the receivers, and makes our name server the system's.
pub(crate) fn set_the_network_up() -> NameServer {
    resolve_names_here();
    run("ip", &["link", "set", "lo", "up"]);
    set_network(true);
    NameServer::start("127.0.0.1:53".parse().unwrap())
}

/// Adds the network of the receivers, or takes it away: then there is no route to any of them.
pub(crate) fn set_network(is_there: bool) {
    set_address(NETWORK, is_there);
}

/// Adds an address with the network that it is in, or takes it away.
pub(crate) fn set_address(address: &str, is_there: bool) {
    let change = if is_there { "add" } else { "del" };
    run("ip", &["address", change, address, "dev", "lo"]);
}

/// What a worker warns of.
pub(crate) async fn warnings(worker: &Process) -> String {
    let address = worker.variable("WORKER_LISTEN").unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = client
        .get(format!("http://{address}/readyz"))
        .send()
        .await
        .unwrap();
    let page: serde_json::Value = serde_json::from_str(&page.text().await.unwrap()).unwrap();
    page["warnings"].to_string()
}

/// A system in such a network.
pub(crate) fn apart() -> Builder {
    builder()
        .env("ALLOW_NETWORKS", "127.0.0.0/8,10.0.0.0/8")
        .env("RETRY_SCHEDULE", ["5s"; 9].join(","))
}

pub(crate) struct Scene {
    pub(crate) system: System,
    pub(crate) receiver: Receiver,
    pub(crate) names: NameServer,
    pub(crate) pushed: Vec<Pushed>,
    deliveries: usize,
}

impl Scene {
    /// `min_span` is `DISABLE_MIN_SPAN`.
    pub(crate) async fn start(names: NameServer, min_span: &str) -> Self {
        let system = apart().env("DISABLE_MIN_SPAN", min_span).start().await;
        let receiver = Receiver::start_at(SocketAddr::from((Ipv4Addr::UNSPECIFIED, free_port()))).await;
        let port = receiver.address().port();
        for host in 0..HOSTS {
            let name = format!("hooks.customer{host}.example");
            names.set(&name, &[&format!("10.9.0.{}", 10 + host)]);
            let customer = if host % 2 == 0 {
                system.customer()
            } else {
                system.customer_of(OTHER)
            };
            for number in 0..ENDPOINTS {
                let url = format!("http://{name}:{port}/{host}/{number}");
                customer.create_endpoint(&url, &["lead.captured"]).await;
            }
        }
        let mut scene = Self {
            system,
            receiver,
            names,
            pushed: Vec::new(),
            deliveries: 0,
        };
        scene.push(1).await;
        scene.all_arrive().await;
        scene
    }

    /// Pushes this many events in each account.
    pub(crate) async fn push(&mut self, count: usize) {
        let other = format!("org:{OTHER}");
        for account in [self.system.account(), &other] {
            let event =
                json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
            let pushed = self.system.backend().push_batch(&vec![event; count]).await;
            self.deliveries += pushed
                .iter()
                .map(|event| event.deliveries as usize)
                .sum::<usize>();
            self.pushed.extend(pushed);
        }
    }

    pub(crate) async fn all_arrive(&self) {
        eventually(2 * LONG, "everything to arrive", async || {
            let arrived = counter(&self.system.redis, "succeeded");
            check(
                arrived == self.deliveries,
                format!("{arrived} of {}", self.deliveries),
            )
        })
        .await;
    }

    /// Something of ours goes away while much is sent, and comes back.
    async fn survives(&mut self, go: impl Fn(&NameServer), come_back: impl Fn(&NameServer)) {
        go(&self.names);
        // Enough to disable every endpoint before anybody can know whose trouble it is.
        self.push(12).await;
        wait_for_metric(
            &self.system.workers[0],
            "webhooks_worker_strikes_taken_back_total",
            1.0,
        )
        .await;
        self.nobody_is_disabled().await;
        assert!(
            !self.is_quiet(),
            "the other programs are told that it is our trouble"
        );
        let warnings = self.warnings().await;
        assert!(warnings.contains("no endpoint is blamed"), "{warnings}");

        // What fails now is no attempt.
        self.push(2).await;
        let given_back = "webhooks_worker_given_back_total{reason=\"egress\"}";
        wait_for_metric(&self.system.workers[0], given_back, 8.0).await;
        self.nobody_is_disabled().await;

        come_back(&self.names);
        self.all_arrive().await;
        self.nobody_is_disabled().await;
        eventually(LONG, "the warning to end", async || {
            let warnings = self.warnings().await;
            check(warnings == "[]" && self.is_quiet(), warnings)
        })
        .await;
    }

    async fn one_customers_outage_counts(&mut self) {
        let gone = self.push_to_nobody().await;
        self.is_disabled(&gone).await;
    }

    /// Pushes ten events to a customer whose host is not there. Returns the endpoint.
    pub(crate) async fn push_to_nobody(&mut self) -> String {
        self.names.set("hooks.gone.example", &[NOBODY]);
        let url = format!("http://hooks.gone.example:{}/", self.receiver.address().port());
        let customer = self.system.customer();
        let gone = customer.create_endpoint(&url, &["ticket.created"]).await;
        let event = json!({"accountId": self.system.account(), "event": "ticket.created", "chatbotId": "bot_1", "data": {}});
        let pushed = self.system.backend().push_batch(&vec![event; 10]).await;
        self.pushed.extend(pushed);
        gone.id
    }

    pub(crate) async fn is_disabled(&self, id: &str) {
        self.system
            .wait_for_endpoint(id, "it to be disabled", |endpoint| endpoint["active"] == false)
            .await;
    }

    pub(crate) async fn nobody_is_disabled(&self) {
        eventually(LONG, "all endpoints to be active", async || {
            let disabled = self.disabled().await;
            check(disabled == 0, format!("{disabled} are disabled"))
        })
        .await;
    }

    pub(crate) async fn disabled(&self) -> usize {
        let mut disabled = 0;
        for customer in [self.system.customer(), self.system.customer_of(OTHER)] {
            let listed = customer.get("/api/webhooks-config").await.body;
            let endpoints = listed["endpoints"].as_array().unwrap();
            disabled += endpoints
                .iter()
                .filter(|endpoint| endpoint["active"] == false)
                .count();
        }
        disabled
    }

    /// Whether no worker has told of an outage of its own.
    fn is_quiet(&self) -> bool {
        let outages: usize = connect(&self.system.redis).hlen(key("outages")).unwrap();
        outages == 0
    }

    async fn warnings(&self) -> String {
        warnings(&self.system.workers[0]).await
    }

    pub(crate) async fn balances(mut self) {
        let balance = Account::of(&self.system)
            .at(&self.receiver)
            .accepted(std::mem::take(&mut self.pushed))
            // What was on its way when the network went may have arrived, and its answer not.
            .duplicates_at_most(HOSTS * ENDPOINTS)
            .balance()
            .await;
        assert_eq!(balance.exhausted, 0, "{balance:?}");
        self.system.stop();
    }
}
