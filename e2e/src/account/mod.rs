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

mod books;

mod posted;

mod under_way;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use domain::id::DeliveryId;
use store::Store;

use self::books::Books;
use self::posted::Posted;
use self::under_way::under_way;
use crate::client::Pushed;
use crate::receiver::Receiver;
use crate::redis_server::RedisServer;
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
