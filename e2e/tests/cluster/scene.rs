//! A system on a cluster of three primaries, each with a replica.

use std::time::{Duration, Instant};

use e2e::account::{Account, Balance};
use e2e::client::{Caller, Pushed, Reply};
use e2e::cluster::{Cluster, slot};
use e2e::load::{Load, Loaded, Shape};
use e2e::receiver::Receiver;
use e2e::redis_server::RedisServer;
use e2e::state::{connect, key};
use e2e::system::System;
use e2e::wait::{LONG, check, eventually};
use redis::Commands as _;

/// Within this the API accepts events again, once the cluster has agreed on a new primary.
const BACK_WITHIN: Duration = Duration::from_secs(5);

/// No answer of the API may take longer than this, whatever the cluster does.
const ANSWERS_WITHIN: Duration = Duration::from_secs(5);

/// Those of the gentle load.
const CALLERS: usize = 4;

/// The system's Redis is the primary that serves the shard's slot, as far as the test knows; it is missing among the cluster's nodes.
pub(crate) struct Group {
    pub(crate) system: System,
    pub(crate) cluster: Cluster,
    pub(crate) receiver: Receiver,
    /// What receivers had when something was done to the cluster.
    received: usize,
    /// How often something was done since.
    faults: usize,
}

/// Waits until the API has accepted this many more events.
pub(crate) async fn more_accepted(load: &Load, count: usize) {
    let goal = load.accepted() + count;
    eventually(LONG, "more accepted events", async || {
        check(load.accepted() >= goal, format!("{} of {goal}", load.accepted()))
    })
    .await;
}

/// How many connections of our programs work on a server; those that ask where slots are have no name.
fn guests(redis: &RedisServer) -> usize {
    let clients = redis::cmd("CLIENT")
        .arg("LIST")
        .query::<String>(&mut connect(redis));
    let is_ours = |client: &&str| client.contains("name=webhooks-");
    clients.unwrap().lines().filter(is_ours).count()
}

impl Group {
    /// Starts two workers and the API, and an endpoint that gets every event.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// The same with variables of both programs.
    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        Self::on(tokio::task::block_in_place(Cluster::start), environment).await
    }

    /// The same on this cluster.
    pub(crate) async fn on(mut cluster: Cluster, environment: &[(&str, &str)]) -> Self {
        let url = cluster.url();
        let primary = cluster.take_primary(slot());
        let mut builder = System::builder().env("LOG_LENGTH", "100000").workers(2);
        // All in one slot, so that whatever happens to its node happens to all.
        builder = builder.on(primary).env("REDIS_URL", url).env("SHARDS", "1");
        for (name, value) in environment {
            builder = builder.env(name, *value);
        }
        let (system, receiver, _) = builder.start_with_hook().await;
        Self {
            system,
            cluster,
            receiver,
            received: 0,
            faults: 0,
        }
    }

    /// Starts the load, and waits until it is under way.
    pub(crate) async fn load(&mut self) -> Load {
        let load = Load::start(&self.system, &Shape::gentle(self.system.account()));
        more_accepted(&load, 100).await;
        self.received = self.receiver.received().len();
        load
    }

    pub(crate) async fn push(&self) -> Reply {
        let event = serde_json::json!({
            "accountId": self.system.account(), "event": "ticket.created", "chatbotId": "bot_1", "data": {},
        });
        self.system.backend().post("/api/events", &event).await
    }

    /// Waits until events are refused, as the contract says.
    pub(crate) async fn is_refused(&self) {
        eventually(LONG, "an event to be refused", async || {
            let answer = self.push().await;
            let again = answer.headers.get("retry-after").is_some();
            check(
                answer.status == 503 && answer.code() == "store_unavailable" && again,
                format!("{} {}", answer.status, answer.text),
            )
        })
        .await;
    }

    /// Waits until most nodes name another one for the slot, which is the system's server from then on.
    pub(crate) fn is_taken_over(&mut self) {
        self.faults += 1;
        self.cluster.exchange(slot(), &mut self.system.redis);
    }

    /// Waits for that, until events are accepted
    /// again, and everybody works there.
    pub(crate) async fn goes_on(&mut self, load: &Load) {
        tokio::task::block_in_place(|| self.is_taken_over());
        let agreed = Instant::now();
        more_accepted(load, CALLERS + 1).await;
        let took = agreed.elapsed();
        eprintln!("back {took:?} after the cluster agreed");
        assert!(took < BACK_WITHIN, "events were accepted again after {took:?}");
        self.everybody_is_here().await;
        more_accepted(load, 100).await;
    }

    /// Waits until all connections of ours are at the node that serves the slot.
    pub(crate) async fn everybody_is_here(&self) {
        eventually(LONG, "everybody to be at the node", async || {
            // The API has one connection at least, and each worker three.
            let here = guests(&self.system.redis);
            check(here >= 7, format!("{here} are there"))?;
            let running = self.cluster.nodes.iter().filter(|node| node.raw("PING").is_ok());
            let there: usize = running.map(guests).sum();
            check(there == 0, format!("{there} are elsewhere"))
        })
        .await;
    }

    /// Waits until each program has counted this many failovers.
    pub(crate) async fn each_counts(&self, failovers: u64) {
        eventually(LONG, "the failovers to be counted", async || {
            let counted = self.metrics("store_failovers_total").await;
            check(
                counted.iter().all(|count| *count == failovers),
                format!("{counted:?} and not {failovers}"),
            )
        })
        .await;
    }

    async fn metrics(&self, name: &str) -> Vec<u64> {
        let mut all = vec![self.system.api_metrics().await];
        for worker in &self.system.workers {
            let listen = worker.variable("WORKER_LISTEN").unwrap();
            let caller = Caller::new(&format!("http://{listen}"), None);
            all.push(caller.get("/metrics").await.expect(200).text);
        }
        all.iter().map(|text| number(text, name)).collect()
    }

    /// Accounts for everything: all events that the primary has were delivered. Those that are lost may have been
    /// delivered, too, and so may at each fault each caller's one that was repeated as another event, since its answer was lost.
    pub(crate) async fn ends(mut self, loaded: Loaded, lost_at_most: usize) -> Balance {
        assert!(loaded.slowest < ANSWERS_WITHIN, "{:?}", loaded.slowest);
        let (kept, lost) = self.sort(loaded.accepted);
        eprintln!(
            "{} events are kept, {} are lost, slowest {:?}",
            kept.len(),
            lost.len(),
            loaded.slowest
        );
        assert!(lost.len() <= lost_at_most, "{} are lost: {lost:?}", lost.len());
        for process in self.system.workers.iter_mut().chain([&mut self.system.api]) {
            assert!(process.is_running(), "ended:\n{}", process.log());
            let log = process.log();
            assert!(!log.contains("store accept"), "asks for a hand:\n{log}");
        }
        let ready = self.system.backend().get("/readyz").await.expect(200);
        assert!(!ready.text.contains("store_rewound"), "{}", ready.text);
        // Whatever was posted in between may come again, if its report was lost.
        let duplicates = if lost_at_most == 0 {
            0
        } else {
            self.receiver.received().len() - self.received
        };
        let balance = Account::of(&self.system)
            .at(&self.receiver)
            .accepted(kept)
            .duplicates_at_most(duplicates)
            .unacknowledged_at_most(if lost_at_most == 0 {
                0
            } else {
                lost.len() + CALLERS * self.faults
            })
            .balance()
            .await;
        assert_eq!((balance.exhausted, balance.parked, balance.canceled), (0, 0, 0));
        eprintln!("{balance:?}");
        self.system.stop();
        balance
    }

    /// The events that the primary has, and those that it lacks.
    fn sort(&self, accepted: Vec<Pushed>) -> (Vec<Pushed>, Vec<Pushed>) {
        let connection = &mut connect(&self.system.redis);
        accepted
            .into_iter()
            .partition(|event| connection.exists(key(&format!("event:{}", event.id))).unwrap())
    }
}

/// The value of a metric, whichever program it is of.
fn number(metrics: &str, name: &str) -> u64 {
    let line = metrics
        .lines()
        .find(|line| !line.starts_with('#') && line.contains(name));
    let value = line.and_then(|line| line.rsplit(' ').next()?.parse().ok());
    value.unwrap_or_else(|| panic!("no {name} in {metrics}"))
}
