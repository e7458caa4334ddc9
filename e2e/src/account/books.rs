//! What Redis holds at the end: the counters, the exhausted and the parked deliveries, the logs.

use std::collections::{HashMap, HashSet};

use redis::Commands;

use super::Balance;
use super::posted::Posted;
use crate::redis_server::RedisServer;
use crate::state;

/// The books that Redis keeps.
pub(super) struct Books {
    counters: HashMap<String, i64>,
    pub(super) exhausted: HashSet<String>,
    pub(super) parked: HashSet<String>,
    /// `None` if Redis has dropped entries of one.
    log: Option<Log>,
}

/// The logs of all endpoints together.
#[derive(Default)]
struct Log {
    attempts: i64,
    succeeded: Vec<String>,
}

impl Books {
    pub(super) fn read(redis: &RedisServer) -> Self {
        let connection = &mut state::connect(redis);
        let counters: HashMap<String, String> = connection.hgetall(state::key("stats")).unwrap();
        let mut books = Self {
            counters: counters
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.parse().ok()?)))
                .collect(),
            exhausted: HashSet::new(),
            parked: HashSet::new(),
            log: Some(Log::default()),
        };
        for key in state::keys(connection, "failed:*") {
            books
                .exhausted
                .extend(connection.zrange::<_, Vec<String>>(key, 0, -1).unwrap());
        }
        for key in state::keys(connection, "pending:*") {
            let entries: Vec<String> = connection.lrange(key, 0, -1).unwrap();
            let ids = entries.iter().filter_map(|entry| entry.split(':').next());
            books.parked.extend(ids.map(str::to_owned));
        }
        for key in state::keys(connection, "retry:*") {
            books
                .parked
                .extend(connection.zrange::<_, Vec<String>>(key, 0, -1).unwrap());
        }
        for key in state::keys(connection, "log:*") {
            books.log = books.log.and_then(|log| log.with(connection, &key));
        }
        books
    }

    fn counter(&self, name: &str) -> i64 {
        self.counters.get(name).copied().unwrap_or(0)
    }

    pub(super) fn canceled(&self) -> usize {
        usize::try_from(self.counter("canceled")).unwrap()
    }

    /// Compares the counters with ids and requests.
    pub(super) fn hold_counters(&self, balance: &Balance, wrong: &mut Vec<String>) {
        let mut same = |what: &str, counted: i64, expected: i64| {
            if counted != expected {
                wrong.push(format!("{what}: {counted} and not {expected}"));
            }
        };
        let number = |count: usize| i64::try_from(count).unwrap();
        let finished = ["succeeded", "exhausted", "canceled"]
            .map(|name| self.counter(name))
            .iter()
            .sum::<i64>();
        same(
            "counted deliveries that were accepted are those that are finished or parked",
            self.counter("deliveries"),
            finished + number(balance.parked),
        );
        same(
            "counted as exhausted",
            self.counter("exhausted"),
            number(balance.exhausted),
        );
        if balance.unacknowledged == 0 {
            same(
                "counted deliveries",
                self.counter("deliveries"),
                number(balance.deliveries),
            );
        }
        if self.counter("succeeded") > number(balance.delivered) {
            wrong.push(format!(
                "counted as succeeded: {}, but receivers answered {} with a 2xx",
                self.counter("succeeded"),
                balance.delivered
            ));
        }
    }

    /// Compares the logs with the counters, if they are complete. Each success is in them once, and reached a receiver.
    pub(super) fn hold_log(&self, posted: &Posted, wrong: &mut Vec<String>) {
        let Some(log) = &self.log else { return };
        if log.attempts != self.counter("attempts") {
            wrong.push(format!(
                "attempts: {} in the log, {} counted",
                log.attempts,
                self.counter("attempts")
            ));
        }
        let succeeded = i64::try_from(log.succeeded.len()).unwrap();
        if succeeded != self.counter("succeeded") {
            wrong.push(format!(
                "successes: {succeeded} in the log, {} counted",
                self.counter("succeeded")
            ));
        }
        let mut seen = HashSet::new();
        for delivery in &log.succeeded {
            if !seen.insert(delivery) {
                wrong.push(format!("{delivery} succeeded twice in the log"));
            }
            if !posted.succeeded.contains(delivery) {
                wrong.push(format!(
                    "{delivery} succeeded in the log, and no receiver answered it with a 2xx"
                ));
            }
        }
    }
}

impl Log {
    /// Adds one endpoint's log; `None` if Redis has dropped entries of it.
    fn with(mut self, connection: &mut redis::Connection, key: &str) -> Option<Self> {
        let info: HashMap<String, redis::Value> = redis::cmd("XINFO")
            .arg("STREAM")
            .arg(key)
            .query(connection)
            .unwrap();
        if info.get("length") != info.get("entries-added") {
            return None;
        }
        let mut range = redis::cmd("XRANGE");
        let entries: Vec<(String, HashMap<String, String>)> =
            range.arg(key).arg("-").arg("+").query(connection).unwrap();
        for (_, mut entry) in entries {
            store::log::unpack(&mut entry);
            let Some(delivery) = entry.remove("delivery") else {
                continue;
            };
            // The entry of a delivery that ended without an attempt has no duration.
            self.attempts += i64::from(entry.contains_key("ms"));
            if entry.get("outcome").is_some_and(|outcome| outcome == "succeeded") {
                self.succeeded.push(delivery);
            }
        }
        Some(self)
    }
}
