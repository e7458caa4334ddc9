//! The load generator, closed and open.
//!
//! A closed loop has a number of callers, each of which sends its next event when the last was answered: it measures what
//! the system can take. An open loop sends at a fixed rate whatever the system does, and counts every time from when
//! the event was to be sent, not from when there was a connection to send it on: what waits before a stall counts as
//! waiting.

mod batches;

mod connection;

mod event;

mod open;

mod varied;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use tokio::task::JoinSet;

pub(crate) use batches::in_batches;
pub(crate) use connection::{Reply, Target};
pub(crate) use event::{Events, chatbot, print_varied};
pub(crate) use open::at_rate;

use crate::clock;
use crate::stats::{Latency, latency};
use connection::Connection;

/// Where one event is pushed.
const ONE: &str = "/api/events";

/// The result of a load.
#[derive(Debug, Default)]
pub(crate) struct Pushed {
    /// Events that were answered with 202.
    pub(crate) accepted: u64,
    /// The deliveries that these answers promised.
    pub(crate) deliveries: u64,
    /// What was answered otherwise, or not at all, with how often.
    pub(crate) refused: BTreeMap<String, u64>,
    /// When the first event was to be sent.
    pub(crate) from: u64,
    /// When the last answer came.
    pub(crate) until: u64,
    samples: Vec<u32>,
}

impl Pushed {
    fn new() -> Self {
        Self {
            from: u64::MAX,
            ..Self::default()
        }
    }

    /// From the time that an event was to be sent to its answer.
    pub(crate) fn latency(&self) -> Option<Latency> {
        latency(self.samples.clone())
    }

    /// Events per second.
    pub(crate) fn rate(&self) -> f64 {
        per_second(self.accepted, self.from, self.until)
    }

    fn count(&mut self, events: u64, sent: u64, reply: Result<Reply, String>) {
        self.from = self.from.min(sent);
        self.until = self.until.max(clock::now());
        match reply {
            Ok(reply) if reply.status == 202 => {
                self.accepted += events;
                self.deliveries += promised(&reply.body);
                let micros = clock::now().saturating_sub(sent);
                self.samples.push(u32::try_from(micros).unwrap_or(u32::MAX));
            }
            Ok(reply) => {
                let start: String = String::from_utf8_lossy(&reply.body).chars().take(200).collect();
                self.refuse(format!("{}: {start}", reply.status), events);
            }
            Err(reason) => self.refuse(reason, events),
        }
    }

    fn refuse(&mut self, reason: String, events: u64) {
        // Requests may have ids; a few examples are enough.
        let known = self.refused.len() < 5 || self.refused.contains_key(&reason);
        let reason = if known { reason } else { "other".to_owned() };
        *self.refused.entry(reason).or_default() += events;
    }

    fn sum(parts: Vec<Self>) -> Self {
        let mut all = Self::new();
        for part in parts {
            all.add(part);
        }
        all
    }

    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.deliveries += other.deliveries;
        self.from = self.from.min(other.from);
        self.until = self.until.max(other.until);
        self.samples.extend(other.samples);
        for (reason, events) in other.refused {
            self.refuse(reason, events);
        }
    }
}

/// This many per second, between two times of the clock.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn per_second(count: u64, from: u64, until: u64) -> f64 {
    count as f64 / clock::seconds(from, until).max(1e-6)
}

/// The sum of the numbers after `"deliveries":` in an answer.
fn promised(body: &[u8]) -> u64 {
    const NAME: &str = "\"deliveries\":";
    let text = String::from_utf8_lossy(body);
    let numbers = text.match_indices(NAME).filter_map(|(at, _)| {
        let rest = &text[at + NAME.len()..];
        let end = rest
            .find(|character: char| !character.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..end].parse::<u64>().ok()
    });
    numbers.sum()
}

/// Pushes these events from this many callers, each one after the other.
pub(crate) async fn closed(target: &Target, events: &Events, numbers: Range<u32>, callers: u32) -> Pushed {
    let next = Arc::new(AtomicU32::new(numbers.start));
    let mut tasks = JoinSet::new();
    for _ in 0..callers {
        let (next, events, end) = (Arc::clone(&next), events.clone(), numbers.end);
        let mut connection = Connection::to(target.clone());
        tasks.spawn(async move {
            let mut pushed = Pushed::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= end {
                    return pushed;
                }
                let sent = clock::now();
                let reply = connection.post(ONE, events.request(number, sent)).await;
                pushed.count(1, sent, reply);
            }
        });
    }
    Pushed::sum(tasks.join_all().await)
}

#[cfg(test)]
mod tests;
