//! What is wrong with the store and its server now, as `/readyz` tells it. The watch ([`Store::watch`]) fills it in; nobody
//! asks Redis because `/readyz` was asked.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use super::identity::Replaced;
use super::memory::Memory;
use super::server::{AckDurability, info_field};
use super::{Store, StoreError};

/// How long what the watch saw last is believed.
const BELIEVED_FOR: Duration = Duration::from_secs(5);

/// How long deliveries may wait without a sign of a worker before that is told.
const WORKER_WITHIN: Duration = Duration::from_secs(20);

/// How long a store that was set back is warned of (ms).
const REWOUND_FOR: u64 = 24 * 3_600_000;

/// Something that an operator should know, while everything goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreWarning {
    /// A stable word.
    pub code: &'static str,
    /// A sentence that says what to do. It names no address and no secret.
    pub message: String,
}

/// Whether work can be done, and what an operator should know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Why not; empty when it can.
    pub reasons: Vec<String>,
    /// What else is to be known.
    pub warnings: Vec<StoreWarning>,
}

/// What the watch found.
#[derive(Debug, Default)]
pub(crate) struct Condition {
    /// When the last look ended, and why it failed if it did.
    looked: Option<(Instant, Option<String>)>,
    is_full: bool,
    /// Why no events may be accepted.
    pub(crate) danger: Option<String>,
    settings: Vec<StoreWarning>,
    rewound: Option<StoreWarning>,
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
    /// A look ended: without an answer, or with whether there is room for new work.
    pub(crate) fn looked(&mut self, now: Instant, outcome: Result<bool, &StoreError>) {
        if let Ok(has_room) = outcome {
            self.is_full = !has_room;
        }
        self.looked = Some((now, outcome.err().map(ToString::to_string)));
    }

    /// What the server's settings come to.
    pub(crate) fn set_up(&mut self, found: Settings) {
        self.danger = found.danger;
        self.settings = found.warnings;
    }

    /// Whether, and from where to where, the store was set back.
    pub(crate) fn rewound(&mut self, now: u64, rewound: Option<(u64, u64, u64)>) {
        self.rewound = rewound
            .filter(|(at, _, _)| now.saturating_sub(*at) < REWOUND_FOR)
            .map(|(_, from, to)| StoreWarning {
                code: "store_rewound",
                message: format!(
                    "The store was set back to an earlier state (writes {from} → {to}): what was accepted or done in between may be gone. `webhooksctl store accept` ends this warning"
                ),
            });
    }

    /// What upkeep left, and whether deliveries wait.
    pub(crate) fn worker_seen(&mut self, now: Instant, reaped_at: &str, waits: bool) {
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
        let all = self.settings.iter().chain(&self.rewound).chain(&no_worker);
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
        reasons.extend(replaced.map(|reason| {
            format!(
                "{}. Bring the store's data back, or accept what is there with `webhooksctl store accept`",
                StoreError::Replaced(reason.clone())
            )
        }));
        reasons.extend(self.danger.clone());
        Readiness {
            reasons,
            warnings: self.warnings(),
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
        self.guard()
            .condition(|condition| condition.readiness(Instant::now(), replaced.as_ref()))
    }

    /// What an operator should know, by what the watch saw last.
    #[must_use]
    pub fn warnings(&self) -> Vec<StoreWarning> {
        self.guard().condition(|condition| condition.warnings())
    }

    /// Whether this is the store that it was, by what was seen last: for what is answered without asking Redis.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] when it isn't.
    pub fn is_ours(&self) -> Result<(), StoreError> {
        self.guard().ensure_ours()
    }

    /// Whether events may be accepted, by what was seen last.
    ///
    /// # Errors
    ///
    /// [`StoreError::Replaced`] or [`StoreError::Unsafe`] when they may not.
    pub fn takes_events(&self) -> Result<(), StoreError> {
        self.guard().ensure_open()
    }
}

/// What the server's settings come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Why no events may be accepted, and no program may start.
    pub(crate) danger: Option<String>,
    /// What an operator should know.
    pub(crate) warnings: Vec<StoreWarning>,
}

/// What an answer waits for, and how much may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectations {
    /// What a 202 waits for.
    pub durability: AckDurability,
    /// How many bytes Redis may use, if that is less than its own `maxmemory`.
    pub budget_bytes: Option<u64>,
}

/// Judges what `CONFIG GET` answered (`None`: it is not allowed) and what `INFO memory persistence` says ('' if it isn't).
pub(crate) fn judge(
    settings: Option<&HashMap<String, String>>,
    info: &str,
    expected: Expectations,
) -> Settings {
    let mut found = Settings::default();
    match settings {
        Some(settings) => judge_settings(settings, expected.durability, &mut found),
        None => found.warn(
            "config_unreadable",
            "CONFIG is not allowed on this server, so its durability and eviction policy could not be checked: make sure of `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`",
        ),
    }
    judge_info(info, expected.budget_bytes, &mut found);
    found
}

impl Settings {
    fn warn(&mut self, code: &'static str, message: impl Into<String>) {
        self.warnings.push(StoreWarning {
            code,
            message: message.into(),
        });
    }
}

fn judge_settings(settings: &HashMap<String, String>, wanted: AckDurability, found: &mut Settings) {
    let setting = |name: &str| settings.get(name).map_or("", String::as_str);
    let eviction = setting("maxmemory-policy");
    if eviction.starts_with("allkeys") {
        found.danger = Some(format!(
            "Redis would evict deliveries (`maxmemory-policy {eviction}`): set it to `noeviction`, in the server's configuration too"
        ));
    } else if eviction.starts_with("volatile") {
        found.warn("eviction", format!(
            "Redis may evict idempotency keys and records of finished deliveries, which have a lifetime (`maxmemory-policy {eviction}`): set it to `noeviction`"
        ));
    }
    if wanted == AckDurability::Memory {
        return;
    }
    if setting("appendonly") != "yes" {
        found.warn("durability", 
            "Redis keeps no append-only file, so a crash of Redis loses accepted events: set `appendonly yes` and `appendfsync always`, or ACK_DURABILITY=memory if that is meant",
        );
    } else if setting("appendfsync") != "always" {
        found.warn("durability", format!(
            "Redis syncs its file later than it answers (`appendfsync {}`), so a crash of Redis can lose the last accepted events: set `appendfsync always`, or ACK_DURABILITY=memory if that is meant",
            setting("appendfsync")
        ));
    }
}

fn judge_info(info: &str, budget: Option<u64>, found: &mut Settings) {
    let field = |name| info_field(info, name);
    if field("maxmemory") == Some("0") && budget.is_none() {
        found.warn(
            "no_memory_limit",
            "Redis has no `maxmemory`, so it grows until the system kills it: set `maxmemory` below the memory of its machine or container",
        );
    }
    if let Some(memory) = Memory::read(info)
        && let Some(limit) = memory.limit(budget)
        && memory.used.saturating_mul(5) >= limit.saturating_mul(4)
    {
        found.warn(
            "store_nearly_full",
            format!(
                "Redis uses {} % of the memory that it may have (`maxmemory` or STORE_BUDGET_BYTES, the smaller): payloads of finished events go before their time, and at `maxmemory` new events are refused. Raise the limit, or look for what piles up",
                memory.used.saturating_mul(100) / limit.max(1)
            ),
        );
    }
    if field("aof_enabled") == Some("1") {
        if field("aof_last_write_status").is_some_and(|status| status != "ok") {
            found.warn(
                "file_not_written",
                "Redis could not write its append-only file: is its disk full?",
            );
        }
        if field("aof_last_bgrewrite_status").is_some_and(|status| status != "ok") {
            found.warn(
                "file_not_rewritten",
                "Redis could not rewrite its append-only file, which therefore grows: is its disk full?",
            );
        }
    }
}

#[cfg(test)]
mod tests;
