//! What arrived: for each path the first arrival of every event, and what came more than once.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, RwLock};

use serde::{Deserialize, Serialize};
use tokio::sync::Semaphore;

use crate::stats::{Latency, latency};

/// One request, as far as it matters here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrival {
    /// The hash of its `webhook-id`.
    pub(super) id: u64,
    /// The event's number, `data.n`.
    pub(super) number: u32,
    /// When the event was to be sent, `data.sent`.
    pub(super) sent: u64,
    /// When it arrived.
    pub(super) at: u64,
}

/// What arrived at some paths.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Arrived {
    /// All requests.
    pub(crate) requests: u64,
    /// Different events, for each path.
    pub(crate) distinct: u64,
    /// Requests whose `webhook-id` had arrived at the same path before.
    pub(crate) duplicates: u64,
    /// Requests that carry no event of the load generator.
    pub(crate) strangers: u64,
    /// The most requests that were open at one time, at all paths.
    pub(crate) most_at_once: u64,
    /// When the first event arrived, on the machine's monotonic clock.
    pub(crate) first_at: Option<u64>,
    /// When the last of the first arrivals was.
    pub(crate) last_at: Option<u64>,
    /// From the time that an event was to be sent to its first arrival.
    pub(crate) latency: Option<Latency>,
}

/// What arrived at all paths.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    pages: RwLock<HashMap<String, Arc<Mutex<Page>>>>,
    turns: Mutex<HashMap<String, Arc<Semaphore>>>,
    open: AtomicU64,
    most_at_once: AtomicU64,
}

/// A request that is not answered yet.
#[derive(Debug)]
pub(super) struct Open(Arc<Arrivals>);

#[derive(Debug, Default)]
struct Page {
    requests: u64,
    duplicates: u64,
    strangers: u64,
    ids: HashSet<u64>,
    numbers: HashSet<u32>,
    samples: Vec<u32>,
    first_at: Option<u64>,
    last_at: Option<u64>,
}

impl Arrival {
    /// Reads a request; `None` when it isn't of the load generator.
    pub(super) fn read(id: &[u8], body: &[u8], at: u64) -> Option<Self> {
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        Some(Self {
            id: hasher.finish(),
            number: u32::try_from(number_after(body, b"\"n\":")?).ok()?,
            sent: number_after(body, b"\"sent\":")?,
            at,
        })
    }
}

/// The number that follows the first occurrence of `name`. A parser would cost more than all else here.
fn number_after(body: &[u8], name: &[u8]) -> Option<u64> {
    let start = body.windows(name.len()).position(|window| window == name)? + name.len();
    let digits = body[start..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    std::str::from_utf8(&body[start..start + digits])
        .ok()?
        .parse()
        .ok()
}

impl Open {
    /// Counts a request until this is dropped.
    pub(super) fn count(arrivals: &Arc<Arrivals>) -> Self {
        let now = arrivals.open.fetch_add(1, Ordering::Relaxed) + 1;
        arrivals.most_at_once.fetch_max(now, Ordering::Relaxed);
        Self(Arc::clone(arrivals))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Arrivals {
    /// Who takes turns at a path with so many workers.
    pub(super) fn turns(&self, path: &str, workers: usize) -> Arc<Semaphore> {
        let mut turns = self.turns.lock().unwrap();
        let known = turns.entry(path.to_owned());
        Arc::clone(known.or_insert_with(|| Arc::new(Semaphore::new(workers))))
    }

    /// Writes a request down.
    pub(super) fn record(&self, path: &str, arrival: Option<Arrival>) {
        let page = self.page(path);
        let mut page = page.lock().unwrap();
        page.requests += 1;
        let Some(arrival) = arrival else {
            page.strangers += 1;
            return;
        };
        if !page.ids.insert(arrival.id) {
            page.duplicates += 1;
        }
        if page.numbers.insert(arrival.number) {
            let micros = arrival.at.saturating_sub(arrival.sent);
            page.samples.push(u32::try_from(micros).unwrap_or(u32::MAX));
            page.first_at.get_or_insert(arrival.at);
            page.last_at = Some(arrival.at);
        }
    }

    /// Forgets everything.
    pub(super) fn forget(&self) {
        self.pages.write().unwrap().clear();
        self.most_at_once
            .store(self.open.load(Ordering::Relaxed), Ordering::Relaxed);
    }

    /// What arrived at the paths that start with `prefix`; the latency only if it is asked for, because it sorts all
    /// samples.
    pub(super) fn arrived(&self, prefix: &str, with_latency: bool) -> Arrived {
        let mut all = Arrived {
            most_at_once: self.most_at_once.load(Ordering::Relaxed),
            ..Arrived::default()
        };
        let mut samples = Vec::new();
        for (_, page) in self
            .pages
            .read()
            .unwrap()
            .iter()
            .filter(|(path, _)| path.starts_with(prefix))
        {
            let page = page.lock().unwrap();
            all.requests += page.requests;
            all.distinct += page.numbers.len() as u64;
            all.duplicates += page.duplicates;
            all.strangers += page.strangers;
            all.first_at = all.first_at.into_iter().chain(page.first_at).min();
            all.last_at = all.last_at.max(page.last_at);
            if with_latency {
                samples.extend_from_slice(&page.samples);
            }
        }
        all.latency = latency(samples);
        all
    }

    fn page(&self, path: &str) -> Arc<Mutex<Page>> {
        if let Some(page) = self.pages.read().unwrap().get(path) {
            return Arc::clone(page);
        }
        Arc::clone(self.pages.write().unwrap().entry(path.to_owned()).or_default())
    }
}

#[cfg(test)]
mod tests;
