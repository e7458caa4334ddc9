//! Events of many accounts, on one server and on clusters: `cluster`.
//!
//! All primaries, the programs, the receiver and the load generator share the processors of one machine. So this shows what a
//! cluster costs, and that primaries share the work; how many times as much more of them can do, it shows only if there are processors for all.

use std::time::Duration;

use e2e::cluster::{Cluster, slot};
use e2e::redis_server::RedisServer;
use e2e::state;

use super::{Ratio, Setting};
use crate::child::ReceiverServer;
use crate::load::{Events, closed, per_second};
use crate::measured::{Measured, wait_for};
use crate::subject::{Subject, account};
use crate::usage::cpu_seconds;

pub(super) const VARIANTS: &[&str] = &[
    "1 server",
    "1 server, 16 shards",
    "1 primary",
    "2 primaries",
    "3 primaries",
];

pub(super) const RATIOS: &[Ratio] = &[
    ("1 server, 16 shards", "1 server"),
    ("1 primary", "1 server"),
    ("2 primaries", "1 primary"),
    ("3 primaries", "1 primary"),
];

/// Each has an endpoint. Enough that all shards have some.
const ACCOUNTS: u32 = 64;

const CALLERS: u32 = 64;

const fn events(setting: Setting) -> u32 {
    setting.full_or_brief(20_000, 640)
}

pub(super) fn about(setting: Setting) -> String {
    format!(
        "{} events of 600 bytes, each to the endpoint of one of {ACCOUNTS} accounts, {CALLERS} callers",
        events(setting)
    )
}

/// Our system, and the servers that it works on, but for the one that it calls its own.
struct Spread {
    subject: Subject,
    others: Vec<RedisServer>,
}

impl Spread {
    async fn start(variant: &str) -> Self {
        let number = variant.split(' ').next().and_then(|number| number.parse().ok());
        if !variant.contains("primar") {
            let shards = if variant.contains("shards") { "16" } else { "1" };
            return Self {
                subject: Subject::webhooks(|builder| builder.env("SHARDS", shards)).await,
                others: Vec::new(),
            };
        }
        let primaries = number.expect("a number of primaries");
        let mut cluster = tokio::task::block_in_place(|| Cluster::without_replicas(primaries));
        let url = cluster.url();
        let first = cluster.take_primary(slot());
        Self {
            subject: Subject::webhooks(|builder| builder.on(first).env("REDIS_URL", url)).await,
            others: cluster.nodes,
        }
    }

    fn servers(&self) -> impl Iterator<Item = &RedisServer> {
        std::iter::once(self.subject.redis()).chain(&self.others)
    }

    /// Waits until what was delivered is also recorded.
    async fn settle(&self) {
        let mut connections: Vec<_> = self.servers().map(state::connect).collect();
        while connections
            .iter_mut()
            .any(|connection| !state::keys(connection, "leases").is_empty())
        {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// The processor seconds that each process has used: the programs and servers, and what belongs to the measurement.
    fn used(&self, receiver: &ReceiverServer) -> Vec<(String, f64)> {
        let programs = self.subject.processes().into_iter();
        let servers = self.servers().map(|server| ("redis".to_owned(), server.id()));
        let measuring = [("generator", std::process::id()), ("receiver", receiver.id())];
        let measuring = measuring.map(|(name, pid)| (name.to_owned(), pid));
        let all = programs.chain(servers).chain(measuring);
        all.map(|(name, pid)| (name, cpu_seconds(pid))).collect()
    }
}

/// One run.
pub(super) async fn measure(variant: &str, setting: Setting) -> Measured {
    let receiver = ReceiverServer::start();
    let spread = Spread::start(variant).await;
    let organisations: Vec<_> = (0..ACCOUNTS).map(|number| format!("org_{number:02}")).collect();
    for (number, organisation) in organisations.iter().enumerate() {
        let url = receiver.url(&format!("/instant/{number}"));
        spread.subject.add_endpoint(organisation, &url, None).await;
    }
    let load = Events {
        accounts: organisations
            .iter()
            .map(|organisation| account(organisation))
            .collect(),
        ..Events::of("", 600)
    };
    let (target, events) = (spread.subject.target(), events(setting));
    let warm = events / 10;
    let mut measured = Measured::default();

    // Connections, caches and compiled code are what a running system has; and endpoints have proved themselves.
    let pushed = closed(&target, &load, events..events + warm, CALLERS).await;
    measured.hold_pushed(&pushed, warm.into(), 1);
    wait_for(&receiver, "/", warm.into()).await;
    spread.settle().await;
    receiver.forget().await;

    let before = spread.used(&receiver);
    let pushed = closed(&target, &load, 0..events, CALLERS).await;
    let arrived = wait_for(&receiver, "/", events.into()).await;
    spread.settle().await;
    let after = spread.used(&receiver);

    measured.hold_pushed(&pushed, events.into(), 1);
    measured.set("events/s accepted", pushed.rate());
    let until = arrived.last_at.unwrap_or_default().max(pushed.until);
    measured.set("deliveries/s", per_second(arrived.distinct, pushed.from, until));
    measured.latency("answer", pushed.latency());
    set_used(&mut measured, &before, &after, f64::from(events) / 1000.0);
    measured.hold_arrived(&arrived, events.into());
    spread.subject.stop();
    measured
}

/// What the processes used, for each thousand deliveries; the servers together, and the one that was busiest.
fn set_used(measured: &mut Measured, before: &[(String, f64)], after: &[(String, f64)], thousands: f64) {
    let used = |wanted: &str| -> Vec<f64> {
        let both = before.iter().zip(after).filter(|((name, _), _)| name == wanted);
        both.map(|((_, before), (_, after))| (after - before) / thousands)
            .collect()
    };
    for name in ["redis", "api", "worker", "generator", "receiver"] {
        let sum: f64 = used(name).iter().sum();
        measured.set(format!("cpu {name} s/1,000 deliveries"), sum);
    }
    let busiest = used("redis").into_iter().fold(0.0, f64::max);
    measured.set("cpu busiest redis s/1,000 deliveries", busiest);
}
