//! Would the server lose what it accepts, and what should an operator know of its settings? Pure decisions.

use std::collections::HashMap;

use super::expected::{AckDurability, Expectations};
use super::info;
use super::memory::Memory;
use crate::condition::{Replication, Setup, StoreWarning};

/// Judges the answers to `CONFIG GET` (`None` where it is not allowed) and to `INFO` (empty where that isn't).
pub(crate) fn judge(
    settings: Option<&HashMap<String, String>>,
    info: &str,
    expected: &Expectations,
) -> Setup {
    let mut found = Setup::default();
    match (settings, &expected.assumed) {
        (Some(settings), _) => judge_settings(settings, expected.durability, &mut found),
        (None, Some(assumed)) => found.assumed = Some(assumed.to_string()),
        (None, None) => found.warn(
            "config_unreadable",
            "CONFIG is not allowed on this server, so its durability and eviction policy could not be checked: make sure of `appendonly yes`, `appendfsync always` and `maxmemory-policy noeviction`, or of what keeps events there instead, and say so in DURABILITY_ASSUMED",
        ),
    }
    if settings.is_none() {
        judge_eviction(
            info::field(info, "maxmemory_policy").unwrap_or_default(),
            &mut found,
        );
    }
    judge_info(info, expected.budget_bytes, &mut found);
    found.replication = Replication::read(info);
    if let (AckDurability::Replicas(wanted), Some(replication)) = (expected.durability, &found.replication)
        && replication.replicas < u32::from(wanted.get())
    {
        let message = format!(
            "Redis has {} of the {wanted} replicas that ACK_DURABILITY asks for: pushed events are stored and delivered, but refused as `not_replicated` until the others are back",
            replication.replicas
        );
        found.warn("too_few_replicas", message);
    }
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
    judge_eviction(setting("maxmemory-policy"), found);
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

fn judge_eviction(eviction: &str, found: &mut Setup) {
    if eviction.starts_with("allkeys") {
        found.danger = Some(format!(
            "Redis would evict deliveries (`maxmemory-policy {eviction}`): set it to `noeviction`, in the server's configuration too"
        ));
    } else if eviction.starts_with("volatile") {
        found.warn("eviction", format!(
            "Redis may evict idempotency keys and records of finished deliveries, which have a lifetime (`maxmemory-policy {eviction}`): set it to `noeviction`"
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
