//! Prints a table while faults happen: a line every few seconds.

use std::collections::{HashMap, HashSet};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use e2e::load::Load;
use e2e::receiver::Receiver;
use e2e::state;

/// How long to wait between lines.
const EVERY: Duration = Duration::from_secs(5);

/// How long to wait for Redis's counters; if it is away, the table repeats the last ones.
const PATIENCE: Duration = Duration::from_millis(300);

/// The table, and the counters that it printed last.
#[derive(Debug)]
pub(crate) struct Table {
    redis: SocketAddr,
    began: Instant,
    printed: Option<Instant>,
    seen: usize,
    succeeded: HashSet<String>,
    duplicates: usize,
    counters: HashMap<String, i64>,
}

impl Table {
    pub(crate) fn new(redis: SocketAddr) -> Self {
        println!(
            "{:>7} {:>9} {:>8} {:>10} {:>10} {:>8} {:>10} {:>9}  fault",
            "time", "accepted", "refused", "delivered", "duplicates", "waiting", "exhausted", "in flight"
        );
        Self {
            redis,
            began: Instant::now(),
            printed: None,
            seen: 0,
            succeeded: HashSet::new(),
            duplicates: 0,
            counters: HashMap::new(),
        }
    }

    /// Prints a line if it is time for one.
    pub(crate) async fn line(&mut self, load: &Load, receiver: &Receiver, fault: &str) {
        if self.printed.is_some_and(|when| when.elapsed() < EVERY) {
            return;
        }
        self.printed = Some(Instant::now());
        self.look(receiver);
        if let Ok(Some(counters)) = tokio::time::timeout(PATIENCE, counters(self.redis)).await {
            self.counters = counters;
        }
        let counter = |name: &str| self.counters.get(name).copied().unwrap_or(0);
        let finished = counter("succeeded") + counter("exhausted") + counter("canceled");
        println!(
            "{:>6.0}s {:>9} {:>8} {:>10} {:>10} {:>8} {:>10} {:>9}  {fault}",
            self.began.elapsed().as_secs_f32(),
            load.accepted(),
            load.refused(),
            self.succeeded.len(),
            self.duplicates,
            counter("deliveries") - finished - counter("in flight"),
            counter("exhausted"),
            counter("in flight"),
        );
    }

    fn look(&mut self, receiver: &Receiver) {
        let all = receiver.received();
        for request in &all[self.seen..] {
            if request.status.is_some_and(|status| (200..300).contains(&status))
                && !self
                    .succeeded
                    .insert(request.expect_header("x-rkt-delivery").to_owned())
            {
                self.duplicates += 1;
            }
        }
        self.seen = all.len();
    }
}

async fn counters(redis: SocketAddr) -> Option<HashMap<String, i64>> {
    let client = redis::Client::open(format!("redis://{redis}")).ok()?;
    let mut connection = client.get_multiplexed_async_connection().await.ok()?;
    let stats: HashMap<String, String> = redis::cmd("HGETALL")
        .arg(state::key("stats"))
        .query_async(&mut connection)
        .await
        .ok()?;
    let in_flight: i64 = redis::cmd("ZCARD")
        .arg(state::key("leases"))
        .query_async(&mut connection)
        .await
        .ok()?;
    let numbers = stats
        .into_iter()
        .filter_map(|(name, value)| Some((name, value.parse().ok()?)));
    Some(numbers.chain([("in flight".to_owned(), in_flight)]).collect())
}
