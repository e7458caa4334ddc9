//! What is wrong with the store and its server now, for `/readyz`. The watch ([`Store::watch`]) notes it here; a request for
//! `/readyz` never asks Redis.

mod readiness;

use std::time::{Duration, Instant};

use super::identity::{Replaced, Rewind};
use super::{Store, StoreError};

pub use self::readiness::Readiness;

/// How long to believe what the watch saw last.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// How long deliveries may wait without a sign of a worker before an operator hears of it.
const WORKER_WITHIN: Duration = Duration::from_secs(20);

/// How long to warn of a store that was set back (ms).
const REWOUND_FOR: u64 = 24 * 3_600_000;

/// Something that an operator should know, while everything goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWarning {
    /// A stable word.
    pub code: &'static str,
    /// A sentence that says what to do. It names no address and no secret.
    pub message: String,
}

/// A server and its replicas, as the server itself says it. It names no address: whoever asks for `/readyz` may see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replication {
    /// The server's `run_id`, which is another one after each start: `INFO server` on a server shows whether it is the one.
    pub run_id: String,
    /// Whether it is a primary.
    pub is_primary: bool,
    /// How many replicas follow it and are up to date but for what is on its way.
    pub replicas: u32,
    /// What the one of these that is furthest behind has not confirmed yet; `None` without one.
    pub behind: Option<Behind>,
    /// How many replicas are connected, those included that copy everything first.
    pub(crate) connected: u32,
}

/// How far a replica is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Behind {
    /// Bytes of writes.
    pub bytes: u64,
    /// Seconds since it was last heard of (each second, if all is well).
    pub seconds: u64,
}

impl Replication {
    /// What it is, in a word.
    #[must_use]
    pub const fn role(&self) -> &'static str {
        if self.is_primary { "primary" } else { "replica" }
    }
}

/// What the server's settings give to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Setup {
    /// Why no program may start, and the API must accept no events.
    pub(crate) danger: Option<String>,
    /// What an operator should know.
    pub(crate) warnings: Vec<StoreWarning>,
    /// What keeps events there, in the operator's words, if the server doesn't say it.
    pub(crate) assumed: Option<String>,
    /// Which server it is, and who follows it; `None` where it doesn't say.
    pub(crate) replication: Option<Replication>,
}

/// What the watch found.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// When the last look ended, and why it failed, if it did.
    looked: Option<(Instant, Option<String>)>,
    is_full: bool,
    /// What the server's settings give to say.
    setup: Setup,
    rewound: Option<StoreWarning>,
    growth: Option<StoreWarning>,
    worker: Option<WorkerSign>,
    no_worker: bool,
}

/// The last sign of a worker, and since when it is the last.
#[derive(Debug)]
struct WorkerSign {
    reaped_at: String,
    since: Instant,
}

impl Condition {
    /// A look ended: with whether there is room for new work, or without an answer.
    pub(crate) fn note_look(&mut self, now: Instant, outcome: Result<bool, &StoreError>) {
        if let Ok(has_room) = outcome {
            self.is_full = !has_room;
        }
        self.looked = Some((now, outcome.err().map(ToString::to_string)));
    }

    /// What the server's settings give to say.
    pub(crate) fn note_setup(&mut self, found: &Setup) {
        self.setup = found.clone();
    }

    /// Whether the store was set back.
    pub(crate) fn note_rewind(&mut self, now: u64, rewound: Option<Rewind>) {
        self.rewound = rewound
            .filter(|rewind| now.saturating_sub(rewind.at) < REWOUND_FOR)
            .map(|Rewind { from, to, .. }| StoreWarning {
                code: "store_rewound",
                message: format!(
                    "The store was set back to an earlier state (writes {from} → {to}): what was accepted or done in between may be gone. `webhooksctl store accept` ends this warning"
                ),
            });
    }

    /// Whether the store is being given more shards: to how many, as `wh:meta` has it.
    pub(crate) fn note_growth(&mut self, growth: Option<&str>) {
        self.growth = growth.map(|growth| {
            let (to, closed) = growth.split_once(' ').unwrap_or((growth, ""));
            let meanwhile = if closed.is_empty() {
                "start all programs again, one after the other"
            } else {
                "no new account may begin meanwhile"
            };
            StoreWarning {
                code: "store_growing",
                message: format!(
                    "The store is being given {to} shards: {meanwhile}; `webhooksctl shards grow {to}` finishes it"
                ),
            }
        });
    }

    /// When a worker last did its upkeep, as the store has it, and whether deliveries wait.
    pub(crate) fn note_worker(&mut self, now: Instant, reaped_at: &str, waits: bool) {
        let is_same = self
            .worker
            .as_ref()
            .is_some_and(|sign| sign.reaped_at == reaped_at);
        if !is_same || !waits {
            self.worker = Some(WorkerSign {
                reaped_at: reaped_at.to_owned(),
                since: now,
            });
        }
        let since = self.worker.as_ref().map_or(now, |sign| sign.since);
        self.no_worker = now.saturating_duration_since(since) >= WORKER_WITHIN;
    }

    fn warnings(&self) -> Vec<StoreWarning> {
        let no_worker = self.no_worker.then(|| StoreWarning {
            code: "no_worker",
            message: format!(
                "Deliveries wait, and no worker has done its upkeep for {} seconds: is one running, on this server and database?",
                WORKER_WITHIN.as_secs()
            ),
        });
        let all = self
            .setup
            .warnings
            .iter()
            .chain(&self.rewound)
            .chain(&self.growth)
            .chain(&no_worker);
        all.cloned().collect()
    }

    fn readiness(&self, now: Instant, replaced: Option<&Replaced>) -> Readiness {
        let mut reasons = Vec::new();
        match &self.looked {
            None => reasons.push("Redis has not been looked at yet".to_owned()),
            Some((_, Some(trouble))) => reasons.push(trouble.clone()),
            Some((when, None)) if now.saturating_duration_since(*when) > BELIEVED_FOR => {
                reasons.push(format!(
                    "Redis has not answered for {} seconds",
                    (now - *when).as_secs()
                ));
            }
            Some((_, None)) if self.is_full => reasons.push(StoreError::OutOfMemory.to_string()),
            Some((_, None)) => {}
        }
        reasons.extend(
            replaced.map(|reason| format!("{}. {}", StoreError::Replaced(reason.clone()), reason.advice())),
        );
        reasons.extend(self.setup.danger.clone());
        Readiness {
            reasons,
            warnings: self.warnings(),
            server: self.setup.replication.clone(),
            shards: Vec::new(),
            durability_assumed: self.setup.assumed.clone(),
        }
    }
}

impl Store {
    /// Whether work can be done, by what the watch saw last (it looks about once a second).
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        let replaced = match self.guard().ensure_ours() {
            Err(StoreError::Replaced(reason)) => Some(reason),
            _ => None,
        };
        self.condition().readiness(Instant::now(), replaced.as_ref())
    }

    /// What an operator should know, by what the watch saw last.
    #[must_use]
    pub fn warnings(&self) -> Vec<StoreWarning> {
        self.condition().warnings()
    }

    /// For answers that don't ask Redis: refuses unless this was the store that it was when it was last seen.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`].
    pub fn is_ours(&self) -> Result<(), StoreError> {
        self.guard().ensure_ours()
    }

    /// Refuses if events may not be accepted, by what the watch saw last.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] or [`StoreError::Unsafe`].
    pub fn takes_events(&self) -> Result<(), StoreError> {
        self.guard().ensure_ours()?;
        match &self.condition().setup.danger {
            Some(reason) => Err(StoreError::Unsafe(reason.clone())),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
