//! The status as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Status;
use crate::table::age;

impl Status {
    pub(super) fn json(&self) -> Value {
        let Self {
            overview,
            totals,
            servers,
            memory,
        } = self;
        let oldest = totals.oldest.as_ref().map(|oldest| {
            json!({
                "delivery": oldest.delivery, "endpoint": oldest.endpoint, "acceptedAt": oldest.accepted_at,
                "ageSeconds": age(oldest.accepted_at, overview.now),
            })
        });
        let servers: Vec<_> = servers
            .iter()
            .map(|server| {
                json!({
                    "version": server.version, "uptimeSeconds": server.uptime, "clients": server.clients,
                    "commandsPerSecond": server.commands_per_second, "evictedKeys": server.evicted,
                    "usedBytes": server.memory.used, "maxBytes": server.memory.max,
                    "role": server.replication.as_ref().map(|one| one.role()),
                    "replicas": server.replication.as_ref().map(|one| one.replicas),
                    "warnings": server.warnings.iter()
                        .map(|warning| json!({"code": warning.code, "message": warning.message})).collect::<Vec<_>>(),
                })
            })
            .collect();
        let memory: BTreeMap<_, _> = memory
            .iter()
            .map(|(kind, of_it)| (kind, json!({"keys": of_it.keys, "bytes": of_it.bytes})))
            .collect();
        json!({
            "at": overview.now, "waiting": totals.waiting, "held": totals.held, "inFlight": totals.in_flight,
            "retrying": totals.retrying, "dueWithinHour": totals.due_within_hour, "parked": totals.parked,
            "quarantined": totals.quarantined, "discarding": overview.sweeping, "expiredLeases": overview.expired_leases,
            "unfinishedBytes": totals.bytes, "oldest": oldest,
            "lastHour": {"succeeded": totals.succeeded, "exhausted": totals.exhausted, "failedAttempts": totals.failed},
            "endpoints": totals.endpoints, "accounts": overview.accounts.len(), "isCut": overview.is_cut,
            "counters": overview.counters, "memory": memory, "servers": servers,
        })
    }
}
