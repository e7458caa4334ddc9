//! One endpoint's deliveries from their arrival to their end: the real scripts, with the clock set from event to event.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap, HashMap};
use std::time::{Duration, Instant};

use domain::id::{DeliveryId, EndpointId};
use store::queue::{Leased, Outcome, Report, WorkRequest};

use super::receiver::Receiver;
use super::{after, timed_out};
use crate::fixture::{Fixture, Worker, account, report, wants};

const TIMEOUT: u64 = 10_000;
/// When a retry is due for sure: the store counts its five seconds by a clock that runs on while we work.
const RETRY: u64 = 5_100;

/// What came of a course.
#[derive(Debug)]
pub(super) struct Totals {
    /// Attempts that timed out. Each is a strike.
    pub(super) timeouts: usize,
    /// Requests that the receiver handled for deliveries that it had handled before.
    pub(super) repeats: usize,
    pub(super) most_in_flight: usize,
    /// When the last answer came (ms).
    pub(super) ms: u64,
    /// The endpoint's state at the end.
    pub(super) state: String,
}

pub(super) struct Course {
    fixture: Fixture,
    endpoint: EndpointId,
    receiver: Receiver,
    arrivals: BTreeMap<u64, usize>,
    began: Instant,
    offset: u64,
}

impl Course {
    /// A new endpoint in front of this receiver.
    pub(super) async fn new(receiver: Receiver) -> Self {
        let fixture = Fixture::new().await;
        let endpoint = fixture.fresh_endpoint_of(&account(), &["*"], None).await;
        Self {
            fixture,
            endpoint,
            receiver,
            arrivals: BTreeMap::new(),
            began: Instant::now(),
            offset: 0,
        }
    }

    /// So many events come at this time (ms).
    pub(super) fn at(mut self, ms: u64, events: usize) -> Self {
        *self.arrivals.entry(ms).or_default() += events;
        self
    }

    /// Delivers all of them.
    pub(super) async fn run(mut self) -> Totals {
        let mut totals = Totals {
            timeouts: 0,
            repeats: 0,
            most_in_flight: 0,
            ms: 0,
            state: String::new(),
        };
        let mut left: usize = self.arrivals.values().sum();
        let mut handled: HashMap<DeliveryId, usize> = HashMap::new();
        let mut worker = Worker::new();
        // What ends when, and the times at which only a retry is due.
        let mut ends: BinaryHeap<Reverse<(u64, usize)>> = BinaryHeap::new();
        let mut attempts: Vec<Option<(Leased, Outcome)>> = vec![];
        let mut wakes: BTreeMap<u64, ()> = self.arrivals.keys().map(|at| (*at, ())).collect();
        let mut in_flight = 0;
        while left > 0 {
            let end = ends.peek().map(|Reverse((at, _))| *at);
            let wake = wakes.first_key_value().map(|(at, ())| *at);
            let now = end.into_iter().chain(wake).min().expect("something is to come");
            wakes.remove(&now);
            self.set_clock(now).await;
            if let Some(events) = self.arrivals.remove(&now) {
                self.fixture.push_many(events).await;
            }
            let mut reports: Vec<Report> = vec![];
            while reports.len() < 64
                && let Some(Reverse((at, attempt))) = ends.peek().copied()
                && at == now
            {
                ends.pop();
                let (leased, outcome) = attempts[attempt].take().expect("an attempt ends once");
                if matches!(outcome, Outcome::Succeeded(_)) {
                    (left, totals.ms) = (left - 1, now);
                } else {
                    totals.timeouts += 1;
                    wakes.insert(now + RETRY, ());
                }
                reports.push(report(&leased, outcome));
            }
            in_flight -= reports.len();
            let request = WorkRequest {
                reports,
                want_slow: 64,
                ..wants(64)
            };
            for leased in self.fixture.work(&mut worker, request).await.leased {
                let answered = self.receiver.answers_at(now);
                *handled.entry(leased.delivery.clone()).or_default() += 1;
                let (at, outcome) = if answered - now < TIMEOUT {
                    (answered, after(answered - now))
                } else {
                    (now + TIMEOUT, timed_out())
                };
                ends.push(Reverse((at, attempts.len())));
                attempts.push(Some((leased, outcome)));
                in_flight += 1;
            }
            totals.most_in_flight = totals.most_in_flight.max(in_flight);
            if totals.timeouts > 1000 {
                break; // it won't end
            }
        }
        totals.repeats = handled.values().map(|times| times - 1).sum();
        let endpoint = self.fixture.hash(&format!("endpoint:{}", self.endpoint)).await;
        totals.state.clone_from(&endpoint["state"]);
        totals
    }

    /// Sets the scripts' clock to so many ms after the start; it runs on meanwhile, and never back.
    async fn set_clock(&mut self, ms: u64) {
        let passed = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        let step = ms.saturating_sub(passed + self.offset);
        if step > 0 {
            self.offset += step;
            self.fixture.pass(Duration::from_millis(step)).await;
        }
    }
}
