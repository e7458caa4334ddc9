//! Pushes events under load, as a careful backend would: each has an idempotency key, and the load repeats it with that key
//! until the API answers 202.
//!
//! So every event that the load has begun is accepted once, whatever happens meanwhile; `account` compares that with what
//! Redis counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::client::{Caller, Pushed};
use crate::system::System;

/// How long the API may go on refusing an event after the load was stopped.
const SETTLE_WITHIN: Duration = Duration::from_secs(120);

/// How long a caller waits before it repeats a refused event.
const REPEAT_AFTER: Duration = Duration::from_millis(25);

/// How many callers push how fast.
#[derive(Debug, Clone)]
pub struct Shape {
    /// How many callers push at a time, each one event after another.
    pub callers: usize,
    /// How long each of them waits between its events.
    pub pause: Duration,
    /// Whose events they push, in turn.
    pub accounts: Vec<String>,
    /// After how many events the load ends.
    pub at_most: usize,
    /// How many bytes their data has besides.
    pub fill: usize,
}

impl Shape {
    /// Four callers that push events of one account, about 100 a second each.
    #[must_use]
    pub fn gentle(account: &str) -> Self {
        Self {
            callers: 4,
            pause: Duration::from_millis(10),
            accounts: vec![account.to_owned()],
            at_most: usize::MAX,
            fill: 0,
        }
    }
}

/// A load that runs until a test stops it, or until it has pushed [`Shape::at_most`] events.
#[derive(Debug)]
pub struct Load {
    stop: watch::Sender<bool>,
    callers: Vec<JoinHandle<Loaded>>,
    accepted: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
}

/// The result of a load.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// Every event, once.
    pub accepted: Vec<Pushed>,
    /// How many answers were not 202, by status; 0 stands for no answer at all.
    pub refused: BTreeMap<u16, usize>,
    /// How long the slowest answer took, whatever it was.
    pub slowest: Duration,
}

impl Load {
    /// Starts a load.
    #[must_use]
    pub fn start(system: &System, shape: &Shape) -> Self {
        Self::start_as(system, "load", shape)
    }

    /// Starts a load with a name, which its idempotency keys contain: needed where one system gets several loads.
    #[must_use]
    pub fn start_as(system: &System, name: &str, shape: &Shape) -> Self {
        Self::start_at(&system.backend(), name, shape)
    }

    /// Starts a load at the API that this backend calls, with a name.
    #[must_use]
    pub fn start_at(backend: &Caller, name: &str, shape: &Shape) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (accepted, refused) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let begun = Arc::<AtomicUsize>::default();
        let callers = (0..shape.callers)
            .map(|number| {
                let one = One {
                    backend: backend.clone(),
                    name: format!("{name}-{number}"),
                    shape: shape.clone(),
                    stopped: stopped.clone(),
                    begun: Arc::clone(&begun),
                    accepted: Arc::clone(&accepted),
                    refused: Arc::clone(&refused),
                    loaded: Loaded::default(),
                };
                tokio::spawn(one.run())
            })
            .collect();
        Self {
            stop,
            callers,
            accepted,
            refused,
        }
    }

    /// How many events the API has accepted so far.
    #[must_use]
    pub fn accepted(&self) -> usize {
        self.accepted.load(Ordering::SeqCst)
    }

    /// How many times the API has refused an event so far, or not answered.
    #[must_use]
    pub fn refused(&self) -> usize {
        self.refused.load(Ordering::SeqCst)
    }

    /// Begins no further event, and waits until the API has accepted those that were begun.
    pub async fn stop(self) -> Loaded {
        self.stop.send_replace(true);
        self.finish().await
    }

    /// Waits until the API has accepted [`Shape::at_most`] events.
    pub async fn finish(self) -> Loaded {
        let mut all = Loaded::default();
        for caller in self.callers {
            all.extend(caller.await.expect("a caller of the load failed"));
        }
        all
    }
}

impl Loaded {
    /// Adds the result of another load.
    pub fn extend(&mut self, other: Self) {
        self.accepted.extend(other.accepted);
        self.slowest = self.slowest.max(other.slowest);
        for (status, count) in other.refused {
            *self.refused.entry(status).or_default() += count;
        }
    }

    /// How many answers were not 202.
    #[must_use]
    pub fn refusals(&self) -> usize {
        self.refused.values().sum()
    }

    /// The events, by id.
    #[must_use]
    pub fn by_id(&self) -> HashMap<&str, u64> {
        self.accepted
            .iter()
            .map(|event| (event.id.as_str(), event.deliveries))
            .collect()
    }
}

/// One caller.
struct One {
    backend: Caller,
    name: String,
    shape: Shape,
    stopped: watch::Receiver<bool>,
    begun: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
    refused: Arc<AtomicUsize>,
    loaded: Loaded,
}

impl One {
    async fn run(mut self) -> Loaded {
        while !*self.stopped.borrow() {
            let number = self.begun.fetch_add(1, Ordering::SeqCst);
            if number >= self.shape.at_most {
                break;
            }
            let pushed = self.push(number).await;
            self.loaded.accepted.push(pushed);
            self.accepted.fetch_add(1, Ordering::SeqCst);
            if !self.shape.pause.is_zero() {
                tokio::time::sleep(self.shape.pause).await;
            }
        }
        self.loaded
    }

    /// Repeats one event until the API accepts it.
    async fn push(&mut self, number: usize) -> Pushed {
        let account = &self.shape.accounts[number % self.shape.accounts.len()];
        let event = json!({
            "accountId": account, "event": "lead.captured", "chatbotId": "bot_1",
            "data": {"caller": self.name, "number": number, "fill": "x".repeat(self.shape.fill)},
        });
        let key = format!("{}-{number}", self.name);
        let mut stopped_at = None;
        loop {
            let asked = Instant::now();
            let request = self
                .backend
                .request(Method::POST, "/api/events")
                .header("idempotency-key", &key)
                .timeout(Duration::from_secs(30))
                .json(&event);
            let reply = Caller::try_send(request).await;
            self.loaded.slowest = self.loaded.slowest.max(asked.elapsed());
            let (status, text) = match reply {
                Ok(reply) if reply.status == 202 => return pushed(&reply.body),
                Ok(reply) => (reply.status, reply.text),
                Err(error) => (0, error.to_string()),
            };
            assert!(
                matches!(status, 0 | 429 | 500..),
                "the load's event {key} was refused with {status}: {text}"
            );
            *self.loaded.refused.entry(status).or_default() += 1;
            self.refused.fetch_add(1, Ordering::SeqCst);
            if *self.stopped.borrow() {
                let since = *stopped_at.get_or_insert_with(Instant::now);
                assert!(
                    since.elapsed() < SETTLE_WITHIN,
                    "{key} is still refused, with {status}: {text}"
                );
            }
            tokio::time::sleep(REPEAT_AFTER).await;
        }
    }
}

fn pushed(body: &Value) -> Pushed {
    Pushed {
        id: body["id"].as_str().expect("an id").to_owned(),
        deliveries: body["deliveries"].as_u64().expect("deliveries"),
    }
}
