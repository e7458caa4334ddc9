//! The system on which faults happen: Redis behind two proxies, the API, workers, receivers, a name server, neighbours, and a load.

mod faults;

mod neighbours;
mod unharmed;

use std::time::{Duration, Instant};

use e2e::account::{Account, Balance};
use e2e::client::{Caller, NewEndpoint};
use e2e::fault_proxy::FaultProxy;
use e2e::load::{Load, Shape};
use e2e::name_server::NameServer;
use e2e::namespaces;
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use serde_json::json;

use crate::plan::{ENDPOINTS, Plan, Round, WORKERS};
use crate::table::Table;
use neighbours::Neighbours;

/// How long the last deliveries may take after the last fault: lost leases must expire, after the pause that follows an outage.
const SETTLE_WITHIN: Duration = Duration::from_secs(180);

/// The most attempts that a worker has in flight, so the most duplicates that its death can cause.
const CONCURRENCY: usize = 64;

/// So few that a crowd takes them all, and what each account may have in bytes.
const CONNECTIONS: &str = "64";
const BUDGET: &str = "1MiB";

struct Stage {
    system: System,
    receiver: Receiver,
    /// Only in namespaces of our own: there every endpoint has a name.
    names: Option<NameServer>,
    neighbours: Neighbours,
    api_link: FaultProxy,
    worker_link: FaultProxy,
    endpoints: Vec<NewEndpoint>,
    customer: Caller,
    table: Table,
    load: Load,
    duplicates: usize,
}

/// Plays the rounds of a seed for this long, and makes the account.
pub(crate) async fn run(seed: u64, lasts: Duration) -> Balance {
    let mut stage = Stage::start().await;
    let began = Instant::now();
    for round in Plan::new(seed) {
        stage.perform(&round).await;
        if began.elapsed() > lasts {
            break;
        }
    }
    stage.finish().await
}

impl Stage {
    async fn start() -> Self {
        let names =
            namespaces::is_inside().then(|| NameServer::start_for_the_system("nameserver 127.0.0.1\n"));
        let redis = RedisServer::start();
        let api_link = FaultProxy::start(redis.address()).await;
        let worker_link = FaultProxy::start(redis.address()).await;
        let table = Table::new(redis.address());
        let system = System::builder()
            .on(redis)
            .workers(WORKERS)
            .env("LOG_LENGTH", "100000")
            .env("DELIVERY_TIMEOUT", "2s")
            .env("RETRY_SCHEDULE", "50ms,100ms,200ms,400ms,1s")
            .env("WORKER_CONCURRENCY", CONCURRENCY.to_string())
            .env("ACCOUNT_BUDGET_BYTES", BUDGET)
            .api_env("MAX_CONNECTIONS", CONNECTIONS)
            .api_env("REDIS_URL", api_link.redis_url())
            .worker_env("REDIS_URL", worker_link.redis_url())
            .start()
            .await;
        let receiver = Receiver::start().await;
        let customer = system.customer();
        let mut endpoints = Vec::new();
        for number in 0..ENDPOINTS {
            // Half of them get a part of the events.
            let events: &[&str] = if number % 2 == 0 {
                &["*"]
            } else {
                &["lead.captured", "ticket.created"]
            };
            let path = path(number);
            let url = match &names {
                Some(names) => {
                    names.set(&name(number), &["127.0.0.1"]);
                    format!("http://{}:{}{path}", name(number), receiver.address().port())
                }
                None => receiver.url(&path),
            };
            endpoints.push(customer.create_endpoint(&url, events).await);
        }
        let load = Load::start(
            &system,
            &Shape {
                callers: 4,
                pause: Duration::from_millis(40),
                accounts: vec![system.account().to_owned()],
                at_most: usize::MAX,
                fill: 0,
            },
        );
        Self {
            neighbours: Neighbours::start(&system, &receiver, names.as_ref()).await,
            system,
            receiver,
            names,
            api_link,
            worker_link,
            endpoints,
            customer,
            table,
            load,
            duplicates: 0,
        }
    }

    async fn perform(&mut self, round: &Round) {
        let name = round
            .faults
            .iter()
            .map(|fault| format!("{fault:?}"))
            .collect::<Vec<_>>()
            .join(" + ");
        for fault in &round.faults {
            self.duplicates += if fault.may_duplicate() { CONCURRENCY } else { 0 };
            self.apply(*fault).await;
        }
        self.watch(round.lasts, &name).await;
        for fault in round.faults.iter().rev() {
            self.undo(*fault).await;
        }
        self.assert_all_run();
        self.switch_all_on().await;
        self.watch(round.quiet, "").await;
    }

    async fn watch(&mut self, lasts: Duration, fault: &str) {
        let until = Instant::now() + lasts;
        while Instant::now() < until {
            self.table.line(&self.load, &self.receiver, fault).await;
            let rest = until.saturating_duration_since(Instant::now());
            tokio::time::sleep(rest.min(Duration::from_millis(200))).await;
        }
    }

    /// Switches all endpoints on, as their owner does after trouble.
    async fn switch_all_on(&self) {
        for number in 0..ENDPOINTS {
            self.switch(number, json!({"active": true})).await;
        }
    }

    fn assert_all_run(&mut self) {
        for process in self.system.workers.iter_mut().chain([&mut self.system.api]) {
            assert!(
                process.is_running(),
                "a program ended by itself:\n{}",
                process.log()
            );
        }
    }

    async fn finish(mut self) -> Balance {
        println!("        no more faults: everything is to be delivered now");
        self.system.wait_ready().await;
        let mut loaded = self.load.stop().await;
        self.neighbours.stop(&mut loaded).await;
        for number in 0..ENDPOINTS {
            eventually(LONG, "an endpoint to be switched on", async || {
                let change = json!({"id": self.endpoints[number].id, "active": true});
                let reply = self.customer.patch("/api/webhooks-config", &change).await;
                check(reply.body["active"] == true, reply.text)
            })
            .await;
        }
        println!(
            "        refused: {:?}; slowest answer of the API: {:?}",
            loaded.refused, loaded.slowest
        );
        let balance = Account::of(&self.system)
            .at(&self.receiver)
            .at(self.neighbours.receiver())
            .accepted(loaded.accepted)
            .duplicates_at_most(self.duplicates)
            .within(SETTLE_WITHIN)
            .balance()
            .await;
        self.neighbours.assert_unharmed(&self.system).await;
        blocking(|| self.system.stop());
        balance
    }
}

fn path(number: usize) -> String {
    format!("/hook-{number}")
}

/// The host of an endpoint, where names are ours.
fn name(number: usize) -> String {
    format!("hook-{number}.example")
}

fn blocking<T>(act: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(act)
}
