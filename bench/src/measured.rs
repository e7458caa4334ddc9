//! What one run of one variant came to, and the window in which it is measured.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::child::ReceiverServer;
use crate::load::Pushed;
use crate::receiver::Arrived;
use crate::redis_usage::{Counters, Work};
use crate::stats::Latency;
use crate::subject::Subject;
use crate::usage::{cpu_seconds, peak_mib};

/// How long nothing may arrive before the rest counts as missing.
const STALLED: Duration = Duration::from_secs(45);

/// Values by name, in the order in which they are shown, and what went wrong.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Measured {
    /// Each name carries its unit.
    pub(crate) values: Vec<(String, f64)>,
    /// Further values, for `--json` alone.
    pub(crate) details: Vec<(String, f64)>,
    /// Each a sentence.
    pub(crate) wrong: Vec<String>,
}

impl Measured {
    /// Adds a value.
    pub(crate) fn set(&mut self, name: impl Into<String>, value: f64) {
        self.values.push((name.into(), value));
    }

    /// Adds a count.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(crate) fn count(&mut self, name: &str, value: u64) {
        self.set(name, value as f64);
    }

    /// A value.
    pub(crate) fn value(&self, name: &str) -> Option<f64> {
        self.values
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| *value)
    }

    /// Adds percentiles.
    pub(crate) fn latency(&mut self, of: &str, latency: Option<Latency>) {
        let latency = latency.unwrap_or_default();
        self.count(&format!("{of} count"), latency.count as u64);
        for (name, value) in [
            ("p50", latency.p50),
            ("p95", latency.p95),
            ("p99", latency.p99),
            ("max", latency.max),
        ] {
            self.set(format!("{of} {name} ms"), value);
        }
    }

    /// Notes what went wrong, unless the condition holds.
    pub(crate) fn demand(&mut self, holds: bool, otherwise: impl Into<String>) {
        if !holds {
            self.wrong.push(otherwise.into());
        }
    }

    /// Adds a load of which all must be accepted, each event for this many endpoints.
    pub(crate) fn hold_pushed(&mut self, pushed: &Pushed, events: u64, endpoints: u64) {
        if !pushed.refused.is_empty() {
            eprintln!("  refused: {:?}", pushed.refused);
        }
        self.demand(
            pushed.accepted == events,
            format!(
                "{} of {events} events were accepted; refused: {:?}",
                pushed.accepted, pushed.refused
            ),
        );
        self.demand(
            pushed.deliveries == pushed.accepted * endpoints,
            format!(
                "{} deliveries were promised for {} events",
                pushed.deliveries, pushed.accepted
            ),
        );
    }

    /// Deliveries of which none may be missing.
    pub(crate) fn hold_arrived(&mut self, arrived: &Arrived, promised: u64) {
        self.count("missing", promised.saturating_sub(arrived.distinct));
        self.count("duplicates", arrived.duplicates);
        self.demand(
            arrived.distinct == promised,
            format!("{} of {promised} deliveries arrived", arrived.distinct),
        );
        self.demand(
            arrived.strangers == 0,
            format!("{} requests carry no event", arrived.strangers),
        );
    }
}

/// Waits until this many deliveries have arrived at the paths that start with `prefix`, or no more come.
pub(crate) async fn wait_for(receiver: &ReceiverServer, prefix: &str, deliveries: u64) -> Arrived {
    let (mut last, mut since) = (0, Instant::now());
    loop {
        let arrived = receiver.counts(prefix).await;
        if arrived.distinct >= deliveries || since.elapsed() > STALLED {
            return receiver.arrived(prefix).await;
        }
        if arrived.distinct > last {
            (last, since) = (arrived.distinct, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The time between two looks at all processes.
#[derive(Debug)]
pub(crate) struct Window {
    processes: Vec<(String, u32, f64)>,
    redis: Option<Counters>,
    opened: Instant,
}

impl Window {
    /// Opens it, over a subject (none: only the generator and the receiver).
    pub(crate) fn open(subject: Option<&Subject>, receiver: &ReceiverServer) -> Self {
        let mut processes = Vec::new();
        if let Some(subject) = subject {
            processes.extend(subject.processes());
            processes.push(("redis".to_owned(), subject.redis().id()));
        }
        processes.push(("generator".to_owned(), std::process::id()));
        processes.push(("receiver".to_owned(), receiver.id()));
        Self {
            processes: processes
                .into_iter()
                .map(|(name, pid)| (name, pid, cpu_seconds(pid)))
                .collect(),
            redis: subject.map(|subject| Counters::read(subject.redis())),
            opened: Instant::now(),
        }
    }

    /// How long it has been open.
    pub(crate) fn seconds(&self) -> f64 {
        self.opened.elapsed().as_secs_f64()
    }

    /// The processor seconds of each process since, those of equal names added up.
    pub(crate) fn cpu(&self) -> Vec<(String, f64)> {
        let mut used: Vec<(String, f64)> = Vec::new();
        for (name, pid, before) in &self.processes {
            let seconds = cpu_seconds(*pid) - before;
            match used.iter_mut().find(|(known, _)| known == name) {
                Some((_, sum)) => *sum += seconds,
                None => used.push((name.clone(), seconds)),
            }
        }
        used
    }

    /// What Redis did since.
    pub(crate) fn redis(&self, subject: &Subject) -> Work {
        let before = self.redis.as_ref().expect("a window over a subject");
        Counters::read(subject.redis()).since(before)
    }

    /// Adds what the processes used, for each of this many deliveries.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    pub(crate) fn close(self, subject: Option<&Subject>, deliveries: u64, measured: &mut Measured) {
        let each = 1.0 / deliveries.max(1) as f64;
        measured.set("wall s", self.seconds());
        let cpu = self.cpu();
        let system = cpu
            .iter()
            .filter(|(name, _)| !matches!(name.as_str(), "generator" | "receiver"));
        let system: f64 = system.map(|(_, seconds)| seconds).sum();
        if let Some(subject) = subject {
            let work = self.redis(subject);
            measured.set("cpu s/1,000 deliveries", system * 1000.0 * each);
            measured.set("redis cpu us/delivery", work.cpu_seconds * 1e6 * each);
            measured.set("redis script us/delivery", work.script_seconds * 1e6 * each);
            measured.set("redis script calls/delivery", work.script_calls * each);
            measured.set("redis commands/delivery", work.commands * each);
            for (command, calls, micros) in work.by_command {
                measured
                    .details
                    .push((format!("{command} calls/delivery"), calls * each));
                measured
                    .details
                    .push((format!("{command} us/delivery"), micros * each));
            }
        }
        for (name, seconds) in cpu {
            measured.set(format!("cpu {name} s"), seconds);
        }
        for (name, pid, _) in self.processes.iter().filter(|(name, ..)| name != "generator") {
            measured.set(format!("peak {name} MiB"), peak_mib(*pid));
        }
    }
}
