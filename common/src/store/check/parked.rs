//! What is parked ends: the rules about endpoints that aren't active, and about replays that have ended.

use super::Violation;
use super::snapshot::{Place, Snapshot};
use crate::id::DeliveryId;

/// How much later than RETENTION_FAILED a parked delivery may end (ms): upkeep looks at each endpoint once an hour, and works
/// through what it finds in steps.
const LATE: i64 = 2 * 3_600_000;

/// The most replays of many that an endpoint keeps after their end.
const MOST_ENDED: usize = 20;

/// Everything that breaks one of these rules.
pub(super) fn judge(snapshot: &Snapshot) -> Vec<Violation> {
    let mut found = unknown_to_upkeep(snapshot);
    found.extend(parked_too_long(snapshot));
    found.extend(left_over_replays(snapshot));
    found
}

/// Upkeep finds what is parked by the endpoint.
fn unknown_to_upkeep(snapshot: &Snapshot) -> Vec<Violation> {
    let unknown = snapshot
        .endpoints
        .iter()
        .filter(|(id, endpoint)| endpoint.state != "active" && !snapshot.parked.contains(*id));
    unknown
        .map(|(id, _)| Violation {
            key: format!("endpoint:{id}"),
            what: "is missing in parked".to_owned(),
        })
        .collect()
}

/// Nothing is parked for longer than RETENTION_FAILED, as far as workers have told what that is. What is older already when its
/// endpoint stops being active ends then.
fn parked_too_long(snapshot: &Snapshot) -> Vec<Violation> {
    let (Some(kept), Some(now)) = (snapshot.retention_failed, snapshot.now) else {
        return vec![];
    };
    let mut found = vec![];
    for (delivery, places) in &snapshot.places {
        let waits = places
            .iter()
            .any(|place| matches!(place, Place::Pending(_) | Place::Retry(..) | Place::Quarantined));
        let Some(id) = delivery.parse::<DeliveryId>().ok().filter(|_| waits) else {
            continue;
        };
        let endpoint = snapshot.endpoints.get(id.endpoint().as_str());
        let Some(endpoint) = endpoint.filter(|endpoint| endpoint.state != "active") else {
            continue;
        };
        let made_at = || snapshot.records.get(delivery)?.made_at;
        let accepted_at = || snapshot.events.get(id.event().as_str())?.accepted_at;
        let Some(since) = made_at().or_else(accepted_at) else {
            continue; // its payload is missing, which another rule says
        };
        let due = since.saturating_add(kept).max(endpoint.disabled_at.unwrap_or(0));
        if now > due.saturating_add(LATE) {
            found.push(Violation {
                key: format!("delivery:{delivery}"),
                what: format!("has been parked since {since}, for longer than {kept} ms"),
            });
        }
    }
    found
}

/// Replays of many that have ended are bounded, and go with their endpoint.
fn left_over_replays(snapshot: &Snapshot) -> Vec<Violation> {
    let mut found = vec![];
    for (id, replay) in snapshot.replays.iter().filter(|(_, replay)| replay.is_listed) {
        let ended = snapshot.ended_replays.get(&replay.endpoint);
        if ended.is_none_or(|ended| !ended.contains(id)) {
            found.push(Violation {
                key: format!("replay:{id}"),
                what: format!("has ended and is not in the list of {}", replay.endpoint),
            });
        }
    }
    for (endpoint, ended) in &snapshot.ended_replays {
        if ended.len() > MOST_ENDED {
            found.push(Violation {
                key: format!("replays:{endpoint}"),
                what: format!("has {} of them, the most is {MOST_ENDED}", ended.len()),
            });
        }
    }
    found
}
