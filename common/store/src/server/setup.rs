//! Would the server lose what it accepts, and what should an operator know of its settings? Pure decisions.

use std::collections::HashMap;

use clap::ValueEnum;

use super::info;
use super::memory::Memory;
use crate::condition::StoreWarning;

/// What an answer of 202 waits for (`ACK_DURABILITY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AckDurability {
    /// The event is in the server's memory.
    Memory,
    /// The event is in the append-only file, which the server syncs before it answers (`appendfsync always`).
    Aof,
}

/// What a program expects of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectations {
    /// What a 202 waits for.
    pub durability: AckDurability,
    /// How many bytes Redis may use, if that is less than its own `maxmemory`.
    pub budget_bytes: Option<u64>,
}

/// What the server's settings give to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Setup {
    /// Why no program may start, and the API must accept no events.
    pub(crate) danger: Option<String>,
    /// What an operator should know.
    pub(crate) warnings: Vec<StoreWarning>,
}

/// Judges the answers to `CONFIG GET` (`None` where it is not allowed) and to `INFO memory persistence` (empty where it isn't).
pub(crate) fn judge(settings: Option<&HashMap<String, String>>, info: &str, expected: Expectations) -> Setup {
    let mut found = Setup::default();
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

impl Setup {
    fn warn(&mut self, code: &'static str, message: impl Into<String>) {
        self.warnings.push(StoreWarning {
            code,
            message: message.into(),
        });
    }
}

fn judge_settings(settings: &HashMap<String, String>, wanted: AckDurability, found: &mut Setup) {
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

fn judge_info(info: &str, budget: Option<u64>, found: &mut Setup) {
    let field = |name| info::field(info, name);
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
