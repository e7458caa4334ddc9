//! The status as JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use store::overview::Outlook;

use super::Status;
use crate::table::age;

impl Status {
    pub(super) fn json(&self) -> Value {
        let Self {
            overview,
            totals,
            servers,
            memory,
            rates,
            balance,
            ..
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
        let (left, over) = match self.outlook {
            Outlook::Lasts { left, over } => (Some(left.as_secs()), Some(over.as_secs())),
            _ => (None, None),
        };
        let rates = rates.as_ref();
        json!({
            "at": overview.now, "waiting": totals.waiting, "held": totals.held, "inFlight": totals.in_flight,
            "retrying": totals.retrying, "dueWithinHour": totals.due_within_hour, "parked": totals.parked,
            "quarantined": totals.quarantined, "discarding": overview.sweeping, "expiredLeases": overview.expired_leases,
            "releasing": overview.releasing,
            "rates": rates.map(|rates| json!({
                "overSeconds": rates.over.as_secs_f64(), "eventsPerSecond": rates.events, "madePerSecond": rates.made,
                "deliveredPerSecond": rates.delivered, "endedPerSecond": rates.ended,
            })),
            "drainedInSeconds": rates.and_then(|rates| rates.drains(self.due())).map(|left| left.as_secs_f64()),
            "memoryOutlook": {"is": outlook(self.outlook), "leftSeconds": left, "overSeconds": over},
            "balance": {
                "isEven": balance.is_even() && !overview.is_cut, "missing": balance.missing(), "made": balance.made,
                "delivered": balance.delivered, "exhausted": balance.exhausted, "canceled": balance.canceled,
                "unfinished": balance.unfinished, "movedMeanwhile": balance.moved, "corrupt": balance.corrupt,
            },
            "checks": self.checks.as_ref().map(|checks| checks.iter().map(|check| json!({
                "at": check.at, "ageSeconds": age(check.at, overview.now), "violations": check.violations,
                "unfinished": check.unfinished, "seconds": check.took.as_secs_f64(),
            })).collect::<Vec<_>>()),
            "unfinishedBytes": totals.bytes, "oldest": oldest,
            "lastHour": {"succeeded": totals.succeeded, "exhausted": totals.exhausted, "failedAttempts": totals.failed},
            "endpoints": totals.endpoints, "accounts": overview.accounts.len(), "isCut": overview.is_cut,
            "counters": overview.counters, "memory": memory, "servers": servers,
        })
    }
}

const fn outlook(outlook: Outlook) -> &'static str {
    match outlook {
        Outlook::Lasts { .. } => "lasts",
        Outlook::Unknown => "unknown",
        Outlook::Steady => "steady",
        Outlook::Unlimited => "unlimited",
    }
}
