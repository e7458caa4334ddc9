//! What an event takes once it is delivered: the variants `kept` of `memory`.
//!
//! Memory is what Redis says of itself (`used_memory`), before and after a number of varied events, when nothing is under way and
//! nothing is packed any more. A few went before, so that what there is once for each endpoint, connection and script is not
//! counted. What is too little for a block counts as it lies there.
//!
//! What packing costs is what API, worker and Redis use from then on until memory has come to rest, without what they use in the
//! same time while nothing happens. Redis doesn't rewrite its file meanwhile, which it would for what was delivered before.

use std::time::{Duration, Instant};

use e2e::{redis_clock, state};

use super::Setting;
use super::steady::RATE;
use crate::child::ReceiverServer;
use crate::load::{Events, at_rate, in_batches};
use crate::measured::{Measured, Window, wait_for};
use crate::redis_usage::{self, Counters};
use crate::subject::{ORGANISATION, Subject, account};

/// Memory that hasn't changed by more than this for [`STILL_FOR`] has come to rest.
const STILL: f64 = 65_536.0;

/// A log that had too little is looked at again after a minute, so it rests for longer than that.
const STILL_FOR: Duration = Duration::from_secs(75);

/// The longest that is waited for that.
const AT_REST_WITHIN: Duration = Duration::from_secs(300);

/// The memory that is asked about, and the part of it that history may fill before the oldest goes early.
const SERVER: f64 = 16e9;
const FILLED: f64 = 0.8;

/// The default of `RETENTION_SUCCEEDED`, in seconds.
const KEPT_FOR: f64 = 86_400.0;

/// How many events, and for whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct Shape {
    events: u32,
    endpoints: u32,
    keyed: bool,
    /// Whether they come one by one, [`RATE`] a second, and not by the hundred.
    paced: bool,
    still_for: Duration,
}

impl Shape {
    /// Of a variant, if it is one of these.
    pub(super) fn of(variant: &str, setting: Setting) -> Option<Self> {
        let of = variant.strip_prefix("kept, ")?;
        let endpoints = if of.starts_with("10 ") { 10 } else { 1 };
        let paced = of.ends_with("one by one");
        // All have come before the first is packed.
        let events = if paced { 40 * RATE } else { 40_000 };
        Some(Self {
            events: setting.full_or_brief(events, RATE),
            endpoints,
            keyed: of.ends_with("keys"),
            paced,
            still_for: if setting.brief {
                Duration::from_millis(500)
            } else {
                STILL_FOR
            },
        })
    }

    /// One run.
    pub(super) async fn measure(self) -> Measured {
        let receiver = ReceiverServer::start();
        let subject = Subject::webhooks(|builder| builder).await;
        redis_usage::rewrite_no_file(subject.redis());
        let urls: Vec<_> = (0..self.endpoints)
            .map(|number| (receiver.url(&format!("/instant/{number}")), None))
            .collect();
        subject.add_endpoints(ORGANISATION, &urls).await;
        let load = Events {
            keyed: self.keyed,
            ..Events::of(&account(ORGANISATION), 600).varied()
        };
        let mut measured = Measured::default();
        let first = self.events / 100;
        let warm_up = Self {
            still_for: Duration::from_secs(1),
            ..self
        };
        warm_up
            .deliver(&subject, &receiver, &load, 0..first, &mut measured)
            .await;
        let before = Counters::read(subject.redis());

        let last = first + self.events;
        let used = self
            .deliver(&subject, &receiver, &load, first..last, &mut measured)
            .await;
        let work = Counters::read(subject.redis()).since(&before);
        let each = work.grown / f64::from(self.events);
        let arrived = receiver.counts("/").await;
        measured.count("most in flight", arrived.most_at_once);
        measured.set("bytes kept/event", each);
        measured.set(
            "events/s that 16 GB sustain for 24 h",
            SERVER * FILLED / KEPT_FOR / each.max(1.0),
        );
        measured.count("log entries kept, all endpoints", logged(&subject));
        let micros = |seconds: f64| seconds * 1e6 / f64::from(self.events);
        measured.set("cpu us/event, to deliver", micros(used.to_deliver));
        measured.set("cpu us/event, to pack", micros(used.to_pack));
        measured.set("to pack / to deliver", used.to_pack / used.to_deliver.max(0.001));
        measured.hold_arrived(&arrived, u64::from(last * self.endpoints));
        subject.stop();
        measured
    }

    /// Pushes events, and waits until they are delivered and memory has come to rest.
    async fn deliver(
        self,
        subject: &Subject,
        receiver: &ReceiverServer,
        load: &Events,
        numbers: std::ops::Range<u32>,
        measured: &mut Measured,
    ) -> Used {
        let (events, end) = (numbers.len() as u64, numbers.end);
        let window = || Window::open(Some(subject), receiver);
        let delivering = window();
        let pushed = if self.paced {
            at_rate(&subject.target(), load, numbers, RATE).await
        } else {
            in_batches(&subject.target(), load, numbers, 100).await
        };
        measured.hold_pushed(&pushed, events, self.endpoints.into());
        wait_for(receiver, "/", u64::from(end * self.endpoints)).await;
        subject.settle().await;
        let to_deliver = system_seconds(&delivering);
        redis_clock::jump(subject.redis(), redis_clock::UNTIL_LATE_TO_PACK);
        let (resting, mut still) = (window(), window());
        let (began, mut since, mut last) = (Instant::now(), Instant::now(), f64::MAX);
        while since.elapsed() < self.still_for {
            if began.elapsed() > AT_REST_WITHIN {
                measured.demand(false, "memory did not come to rest");
                break;
            }
            let now = Counters::read(subject.redis()).memory;
            if (now - last).abs() > STILL {
                (since, last, still) = (Instant::now(), now, window());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let idle = system_seconds(&still) / still.seconds().max(0.1) * resting.seconds();
        Used {
            to_deliver,
            to_pack: (system_seconds(&resting) - idle).max(0.0),
        }
    }
}

/// Processor seconds of API, worker and Redis.
struct Used {
    to_deliver: f64,
    to_pack: f64,
}

fn system_seconds(window: &Window) -> f64 {
    let cpu = window.cpu();
    let system = cpu
        .iter()
        .filter(|(name, _)| !matches!(name.as_str(), "generator" | "receiver"));
    system.map(|(_, seconds)| seconds).sum()
}

/// How many entries the streams of all logs have.
fn logged(subject: &Subject) -> u64 {
    let connection = &mut state::connect(subject.redis());
    let logs: Vec<String> = redis::cmd("KEYS").arg("wh:{0}:log:*").query(connection).unwrap();
    logs.iter()
        .map(|log| redis::cmd("XLEN").arg(log).query::<u64>(connection).unwrap())
        .sum()
}
