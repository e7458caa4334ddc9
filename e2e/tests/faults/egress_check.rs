//! Where few hosts get anything, an address of the operator's own (`EGRESS_CHECK`) tells an outage of ours from one of theirs. An answer
//! from any receiver refutes what it says, so a check that is dead stops no strikes.
//!
//! Proves (guarantees): our own network or resolver fails
//! Proves (guarantees): our own network is down

use std::net::{Ipv4Addr, SocketAddr};

use e2e::client::Caller;
use e2e::name_server::NameServer;
use e2e::namespaces::run_apart;
use e2e::ports::free_port;
use e2e::receiver::Receiver;
use e2e::state::{assert_nothing_left, connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;
use serde_json::json;

use crate::f26_our_own_network::{apart, set_address, set_network, set_the_network_up, warnings};
use crate::worker_scene::{metric, respawn, wait_for_metric};

/// Where the operator's own address is, and a second customer's host: networks of their own.
const CHECK: &str = "10.12.0.1/24";
const WELL: &str = "10.13.0.1/24";

/// The second customer's organisation.
const OTHER: &str = "org_other";

const GIVEN_BACK: &str = "webhooks_worker_given_back_total{reason=\"egress\"}";
const TAKEN_BACK: &str = "webhooks_worker_strikes_taken_back_total";

/// One customer with one endpoint, whose host has answered; and the operator's check, which has as well.
struct Scene {
    system: System,
    receiver: Receiver,
    well: Receiver,
    /// It listens as long as the test lasts.
    _checked: Receiver,
    id: String,
}

impl Scene {
    async fn start(names: &NameServer) -> Self {
        for address in [CHECK, WELL] {
            set_address(address, true);
        }
        names.set("hooks.only.example", &["10.9.0.10"]);
        names.set("hooks.well.example", &["10.13.0.1"]);
        names.set("check.operator.example", &["10.12.0.1"]);
        let anywhere = || SocketAddr::from((Ipv4Addr::UNSPECIFIED, free_port()));
        let (receiver, well) = (
            Receiver::start_at(anywhere()).await,
            Receiver::start_at(anywhere()).await,
        );
        let checked = Receiver::start_at(anywhere()).await;
        let address = format!("http://check.operator.example:{}", checked.address().port());
        let system = apart().env("EGRESS_CHECK", address).start().await;
        let url = format!("http://hooks.only.example:{}/hook", receiver.address().port());
        let id = system.customer().create_endpoint(&url, &["*"]).await.id;
        let scene = Self {
            system,
            receiver,
            well,
            _checked: checked,
            id,
        };
        scene.push(1).await;
        scene.receiver.wait_for(1).await;
        eventually(LONG, "the other workers to be told of the check", async || {
            let told: Vec<String> = connect(&scene.system.redis)
                .zrange(key("answered"), 0, -1)
                .unwrap();
            let is_told = |host: &str, end: &str| {
                let mut told = told.iter();
                told.any(|destination| destination.contains(host) && destination.ends_with(end))
            };
            let all = is_told("check.operator", " check") && is_told("hooks.only", "org_2test");
            check(all, format!("{told:?}"))
        })
        .await;
        scene
    }

    /// A customer whose host is always there.
    async fn other(&self) -> Caller {
        let customer = self.system.customer_of(OTHER);
        let url = format!("http://hooks.well.example:{}/", self.well.address().port());
        customer.create_endpoint(&url, &["*"]).await;
        customer
    }

    async fn push_to(&self, account: &str, count: usize) {
        let event = json!({"accountId": account, "event": "lead.captured", "chatbotId": "bot_1", "data": {}});
        self.system.backend().push_batch(&vec![event; count]).await;
    }

    async fn push(&self, count: usize) {
        self.push_to(self.system.account(), count).await;
    }

    async fn wait_until_active_is(&self, active: bool) {
        self.system
            .wait_for_endpoint(&self.id, "the endpoint's state", |endpoint| {
                endpoint["active"] == active
            })
            .await;
    }

    /// Waits until the worker takes it for an outage of ours, which has disabled the endpoint by the bare letter.
    async fn is_recognised(&self) {
        self.wait_until_active_is(false).await;
        wait_for_metric(&self.system.workers[0], TAKEN_BACK, 10.0).await;
        self.wait_until_active_is(true).await;
        let warnings = warnings(&self.system.workers[0]).await;
        assert!(warnings.contains("no endpoint is blamed"), "{warnings}");
    }

    async fn is_over(&self) {
        eventually(LONG, "the warning to end", async || {
            let warnings = warnings(&self.system.workers[0]).await;
            check(warnings == "[]", warnings)
        })
        .await;
    }
}

#[test]
fn one_host_and_the_operators_check_are_enough_also_for_a_worker_that_is_restarted_meanwhile() {
    run_apart(
        &["--mount", "--net"],
        "egress_check::one_host_and_the_operators_check_are_enough_also_for_a_worker_that_is_restarted_meanwhile",
        async || {
            let names = set_the_network_up();
            let mut scene = Scene::start(&names).await;
            set_address(CHECK, false);
            set_network(false);
            scene.push(10).await;
            scene.is_recognised().await;
            scene.push(2).await;
            wait_for_metric(&scene.system.workers[0], GIVEN_BACK, 1.0).await;

            // Nobody has answered this one.
            scene.system.workers[0].kill9();
            respawn(&mut scene.system.workers[0]).await;
            scene.is_recognised().await;

            set_network(true);
            scene.is_over().await;
            assert_nothing_left(&scene.system.redis).await;
            scene.wait_until_active_is(true).await;
            let arrived = scene.receiver.received();
            let arrived: std::collections::HashSet<_> = arrived
                .iter()
                .map(|request| request.expect_header("x-rkt-delivery"))
                .collect();
            assert_eq!(arrived.len(), 13);
            scene.system.finish().await;
        },
    );
}

#[test]
fn a_dead_check_does_not_save_a_customers_dead_host_while_anybody_elses_answers() {
    run_apart(
        &["--mount", "--net"],
        "egress_check::a_dead_check_does_not_save_a_customers_dead_host_while_anybody_elses_answers",
        async || {
            let names = set_the_network_up();
            let mut scene = Scene::start(&names).await;
            scene.other().await;
            scene.push_to(&format!("org:{OTHER}"), 1).await;
            scene.well.wait_for(1).await;
            let connections = scene.well.connections();

            // Only the dead host gets anything now, so this is put to the proof; and the other host answers.
            set_address(CHECK, false);
            set_network(false);
            scene.push(10).await;
            scene.wait_until_active_is(false).await;
            eventually(LONG, "the other customer's host to be asked", async || {
                let now = scene.well.connections();
                check(now > connections, format!("{now} connections"))
            })
            .await;
            scene.is_over().await;
            scene.wait_until_active_is(false).await;
            let worker = &scene.system.workers[0];
            assert_eq!(metric(worker, GIVEN_BACK).await, 0.0);
            assert_eq!(metric(worker, TAKEN_BACK).await, 0.0);
            scene.system.stop();
        },
    );
}

#[test]
fn an_answer_from_any_receiver_ends_what_a_dead_check_seemed_to_prove() {
    run_apart(
        &["--mount", "--net"],
        "egress_check::an_answer_from_any_receiver_ends_what_a_dead_check_seemed_to_prove",
        async || {
            let names = set_the_network_up();
            let mut scene = Scene::start(&names).await;
            set_address(CHECK, false);
            set_network(false);
            scene.push(10).await;
            scene.is_recognised().await;

            scene.other().await;
            scene.push_to(&format!("org:{OTHER}"), 1).await;
            scene.well.wait_for(1).await;
            scene.is_over().await;
            // What the dead host does counts again, and stays when it is put to the proof once more.
            scene.wait_until_active_is(false).await;
            let taken_back = metric(&scene.system.workers[0], TAKEN_BACK).await;
            let connections = scene.well.connections();
            eventually(LONG, "the other customer's host to be asked", async || {
                let now = scene.well.connections();
                check(now > connections, format!("{now} connections"))
            })
            .await;
            scene.is_over().await;
            scene.wait_until_active_is(false).await;
            assert_eq!(metric(&scene.system.workers[0], TAKEN_BACK).await, taken_back);
            scene.system.stop();
        },
    );
}
