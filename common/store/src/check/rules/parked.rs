//! Endpoints that aren't active: what is parked there ends.

use super::super::ids::EndpointKey;
use super::super::places::Place;
use super::super::remedy::{Aspect, Remedy};
use super::super::rows::EndpointRow;
use super::{Facts, Found};

/// How much later than RETENTION_FAILED a parked delivery may end (ms): upkeep looks at each endpoint once an hour, and works
/// through what it finds in steps.
const LATE: i64 = 2 * 3_600_000;

/// Upkeep finds what is parked by its endpoint, so it must know all of these.
pub(super) fn known(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (id, endpoint) in &snapshot.endpoints {
        found.mended(
            endpoint.state != "active" && !snapshot.parked.contains(id),
            || format!("endpoint:{id}"),
            || "is missing in parked".to_owned(),
            || Remedy::Endpoint {
                endpoint: id.clone(),
                aspect: Aspect::Parked,
            },
        );
    }
}

/// Nothing is parked for longer than RETENTION_FAILED, if workers have announced that. What is older than that when its endpoint
/// stops being active ends then.
pub(super) fn too_long(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let Some(policy) = &snapshot.policy else { return };
    let kept = i64::try_from(policy.retention_failed.as_millis()).unwrap_or(i64::MAX);
    let now = snapshot.stats.now();
    let inactive: std::collections::HashMap<EndpointKey, &EndpointRow> = snapshot
        .endpoints
        .iter()
        .filter(|(_, endpoint)| endpoint.state != "active")
        .filter_map(|(id, endpoint)| Some((id.parse().ok()?, endpoint)))
        .collect();
    for (delivery, places) in snapshot.places.iter() {
        let waits =
            |place: &Place| matches!(place, Place::Pending(_) | Place::Retry(..) | Place::Quarantined);
        let endpoint = inactive.get(&delivery.endpoint());
        let Some(endpoint) = endpoint.filter(|_| places.iter().any(waits)) else {
            continue;
        };
        let made_at = snapshot.records.get(delivery).map_or(0, |record| record.made_at);
        let accepted_at = snapshot
            .events
            .get(&delivery.event())
            .map_or(0, |event| event.accepted_at);
        let since = if made_at > 0 { made_at } else { accepted_at };
        if since == 0 {
            continue; // its payload is missing, as another rule says
        }
        let due = since.saturating_add(kept).max(endpoint.disabled_at);
        found.that(
            now > due.saturating_add(LATE),
            || format!("delivery:{delivery}"),
            || format!("has been parked since {since}, for longer than {kept} ms"),
        );
    }
}
