//! The account at the end of a fault: every event that was answered with 202 is delivered, exhausted, parked or canceled,
//! and all that the system says of itself agrees with it.
//!
//! ```no_run
//! # async fn example(system: e2e::system::System, receiver: e2e::receiver::Receiver) {
//! # use e2e::account::Account;
//! let pushed = vec![/* what the API answered with 202 */];
//! let balance = Account::of(&system).at(&receiver).accepted(pushed).duplicates_at_most(1).balance().await;
//! assert_eq!(balance.delivered, 1);
//! # }
//! ```
//!
//! It waits until nothing is under way, and then holds against each other: the ids that callers were given, the requests
//! that receivers got, the stored state (which [`Store::check`] must find sound), the counters, and the logs.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use domain::id::DeliveryId;
use redis::Commands;
use store::Store;

use crate::client::Pushed;
use crate::receiver::Receiver;
use crate::redis_server::RedisServer;
use crate::state;
use crate::system::System;
use crate::wait::{check, eventually};

/// What is to be accounted for.
#[derive(Debug)]
pub struct Account<'a> {
    redis: &'a RedisServer,
    receivers: Vec<&'a Receiver>,
    accepted: BTreeMap<String, u64>,
    duplicates: usize,
    unacknowledged: usize,
    within: Duration,
}

/// How it came out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Balance {
    /// Events that were answered with 202.
    pub accepted: usize,
    /// Their deliveries.
    pub deliveries: usize,
    /// Deliveries that a receiver got and answered with a 2xx.
    pub delivered: usize,
    /// Deliveries that were given up, visibly.
    pub exhausted: usize,
    /// Deliveries that wait for their endpoint to be switched on.
    pub parked: usize,
    /// Deliveries that were canceled.
    pub canceled: usize,
    /// Requests that a receiver got although the same attempt, or a success, came before.
    pub duplicates: usize,
    /// Events in the system that no caller was told of.
    pub unacknowledged: usize,
}

impl<'a> Account<'a> {
    /// Of a system, with no receiver and no event yet. No duplicate is allowed.
    #[must_use]
    pub fn of(system: &'a System) -> Self {
        Self {
            redis: &system.redis,
            receivers: Vec::new(),
            accepted: BTreeMap::new(),
            duplicates: 0,
            unacknowledged: 0,
            within: Duration::from_secs(120),
        }
    }

    /// With a receiver that some of the endpoints lead to.
    #[must_use]
    pub fn at(mut self, receiver: &'a Receiver) -> Self {
        self.receivers.push(receiver);
        self
    }

    /// With events that were answered with 202; one that is named twice counts once.
    ///
    /// # Panics
    ///
    /// When the same event was answered with different numbers of deliveries.
    #[must_use]
    pub fn accepted(mut self, events: impl IntoIterator<Item = Pushed>) -> Self {
        for event in events {
            let before = self.accepted.insert(event.id.clone(), event.deliveries);
            assert!(
                before.is_none_or(|before| before == event.deliveries),
                "{event:?}, before {before:?}"
            );
        }
        self
    }

    /// The fault may have caused so many duplicates.
    #[must_use]
    pub const fn duplicates_at_most(mut self, count: usize) -> Self {
        self.duplicates = count;
        self
    }

    /// So many events may have been accepted although no caller got the answer.
    #[must_use]
    pub const fn unacknowledged_at_most(mut self, count: usize) -> Self {
        self.unacknowledged = count;
        self
    }

    /// How long it may take until nothing is under way; two minutes if nothing is said.
    #[must_use]
    pub const fn within(mut self, deadline: Duration) -> Self {
        self.within = deadline;
        self
    }

    /// Waits until nothing is under way, and makes the account.
    ///
    /// # Panics
    ///
    /// When it doesn't come out even, with all that is wrong.
    pub async fn balance(self) -> Balance {
        let redis = self.redis;
        eventually(self.within, "everything to be finished or parked", async || {
            let under_way = under_way(redis);
            check(under_way.is_empty(), format!("there is {under_way:?}"))
        })
        .await;
        let books = Books::read(redis);
        let posted = Posted::read(&self.receivers);
        let mut wrong = Vec::new();
        let balance = self.hold(&books, &posted, &mut wrong);
        books.hold_counters(&balance, &mut wrong);
        books.hold_log(&posted, &mut wrong);
        let store = Store::new(&redis.args()).unwrap();
        let report = store.check().await.expect("check the stored state");
        wrong.extend(
            report
                .violations
                .iter()
                .map(|violation| format!("check: {violation}")),
        );
        let count = wrong.len();
        wrong.truncate(30);
        assert!(
            wrong.is_empty(),
            "{count} things are wrong:\n{}\n{balance:#?}",
            wrong.join("\n")
        );
        balance
    }

    /// Each event's deliveries are in the books or were received; nothing else is.
    fn hold(&self, books: &Books, posted: &Posted, wrong: &mut Vec<String>) -> Balance {
        let mut of_event: HashMap<String, HashSet<&str>> = HashMap::new();
        for delivery in posted
            .succeeded
            .iter()
            .chain(&books.exhausted)
            .chain(&books.parked)
        {
            let id: DeliveryId = delivery.parse().expect("a delivery's id");
            of_event
                .entry(id.event().to_string())
                .or_default()
                .insert(delivery);
        }
        let mut missing = 0;
        for (event, deliveries) in &self.accepted {
            let found = of_event.remove(event).map_or(0, |found| found.len() as u64);
            if found > *deliveries {
                wrong.push(format!(
                    "{event} was answered with {deliveries} deliveries and has {found}"
                ));
            }
            let lost = deliveries.saturating_sub(found);
            missing += usize::try_from(lost).unwrap();
            if lost > 0 && books.canceled() == 0 {
                wrong.push(format!("{event}: {lost} of {deliveries} deliveries are nowhere"));
            }
        }
        if missing > books.canceled() {
            wrong.push(format!(
                "{missing} deliveries are nowhere, and {} were canceled",
                books.canceled()
            ));
        }
        if of_event.len() > self.unacknowledged {
            let some: Vec<_> = of_event.keys().take(5).collect();
            wrong.push(format!(
                "{} events came that no caller was told of: {some:?} …",
                of_event.len()
            ));
        }
        if posted.duplicates.len() > self.duplicates {
            let some: Vec<_> = posted.duplicates.iter().take(5).collect();
            wrong.push(format!(
                "{} duplicates, {} are allowed: {some:?} …",
                posted.duplicates.len(),
                self.duplicates
            ));
        }
        Balance {
            accepted: self.accepted.len(),
            deliveries: self
                .accepted
                .values()
                .map(|count| usize::try_from(*count).unwrap())
                .sum(),
            delivered: posted.succeeded.len(),
            exhausted: books.exhausted.len(),
            parked: books.parked.len(),
            canceled: books.canceled(),
            duplicates: posted.duplicates.len(),
            unacknowledged: of_event.len(),
        }
    }
}

/// What receivers got.
struct Posted {
    /// Deliveries that were answered with a 2xx.
    succeeded: HashSet<String>,
    /// Deliveries that came again, once for each time.
    duplicates: Vec<String>,
}

impl Posted {
    fn read(receivers: &[&Receiver]) -> Self {
        let mut posted = Self {
            succeeded: HashSet::new(),
            duplicates: Vec::new(),
        };
        let mut attempts = HashSet::new();
        for receiver in receivers {
            for request in receiver.received() {
                let delivery = request.expect_header("x-rkt-delivery").to_owned();
                let attempt = request.expect_header("x-rkt-attempt").to_owned();
                let came_before = !attempts.insert((delivery.clone(), attempt));
                if came_before || posted.succeeded.contains(&delivery) {
                    posted.duplicates.push(delivery.clone());
                }
                if request.status.is_some_and(|status| (200..300).contains(&status)) {
                    posted.succeeded.insert(delivery);
                }
            }
        }
        posted
    }
}

/// What Redis has.
struct Books {
    counters: HashMap<String, i64>,
    exhausted: HashSet<String>,
    parked: HashSet<String>,
    log: Option<Log>,
}

/// The logs of all endpoints together.
#[derive(Default)]
struct Log {
    attempts: i64,
    succeeded: Vec<String>,
}

impl Books {
    fn read(redis: &RedisServer) -> Self {
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

    fn canceled(&self) -> usize {
        usize::try_from(self.counter("canceled")).unwrap()
    }

    /// The counters say the same as ids and requests.
    fn hold_counters(&self, balance: &Balance, wrong: &mut Vec<String>) {
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

    /// The log says the same as the counters, if it is all there; each success is in it once, and was received.
    fn hold_log(&self, posted: &Posted, wrong: &mut Vec<String>) {
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
    /// With one endpoint's log; `None` when that was cut.
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
            let Some(delivery) = entry.remove("delivery") else {
                continue;
            };
            // Entries of deliveries that were given up without an attempt tell no time.
            self.attempts += i64::from(entry.contains_key("ms"));
            if entry.get("outcome").is_some_and(|outcome| outcome == "succeeded") {
                self.succeeded.push(delivery);
            }
        }
        Some(self)
    }
}

/// Everything that has yet to happen; what is parked has not.
fn under_way(redis: &RedisServer) -> Vec<String> {
    let connection = &mut state::connect(redis);
    let mut left = Vec::new();
    for name in [
        "ready",
        "ready:slow",
        "timers",
        "leases",
        "tokens",
        "quarantine",
        "sweeps",
    ] {
        if connection.exists(state::key(name)).unwrap() {
            left.push(name.to_owned());
        }
    }
    for routes in state::keys(connection, "account:*:endpoints") {
        let endpoints: Vec<String> = connection.hkeys(routes).unwrap();
        for id in endpoints {
            let key = state::key(&format!("endpoint:{id}"));
            let (name, in_flight): (Option<String>, Option<i64>) =
                connection.hmget(key, &["state", "inFlight"]).unwrap();
            let pending: i64 = connection.llen(state::key(&format!("pending:{id}"))).unwrap();
            let retry: i64 = connection.zcard(state::key(&format!("retry:{id}"))).unwrap();
            let is_active = name.as_deref() == Some("active");
            if in_flight != Some(0) || is_active && pending + retry > 0 {
                left.push(format!(
                    "{id}: {in_flight:?} in flight, {pending} waiting, {retry} to be tried again"
                ));
            }
        }
    }
    left
}
