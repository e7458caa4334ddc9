//! Where deliveries are, and what their records and the log say of them.

use domain::delivery::{DeliveryState, Transition};

use super::super::ids::DeliveryKey;
use super::super::places::Place;
use super::super::remedy::Remedy;
use super::super::rows::RecordRow;
use super::super::snapshot::Snapshot;
use super::{Facts, Found};

/// This long before its record expires, an exhausted delivery may be missing in its endpoint's set.
const GRACE_MS: i64 = 60_000;

/// The names of places, for a message.
fn names_of(snapshot: &Snapshot, places: &[Place]) -> String {
    let set_aside = |number: &u32| {
        snapshot
            .set_aside
            .get(*number as usize)
            .cloned()
            .unwrap_or_default()
    };
    let names: Vec<_> = places
        .iter()
        .map(|place| match place {
            Place::Pending(endpoint) => format!("pending:{endpoint}"),
            Place::Retry(endpoint, due) => format!("retry:{endpoint} (due at {due})"),
            Place::Leased => "leases".to_owned(),
            Place::Quarantined => "quarantine".to_owned(),
            Place::Failed(endpoint) => format!("failed:{endpoint}"),
            Place::Canceled(endpoint) => format!("canceled:{endpoint}"),
            Place::SetAside(number) | Place::Forgotten(number) => set_aside(number),
        })
        .collect();
    names.join(", ")
}

/// Invariant 1: a delivery is in one place, and that is one of its own endpoint.
pub(super) fn places(facts: &Facts<'_>, found: &mut Found) {
    for (delivery, places) in facts.snapshot.places.iter() {
        let key = || format!("delivery:{delivery}");
        found.that(places.len() != 1, key, || {
            format!(
                "is in {} places: {}",
                places.len(),
                names_of(facts.snapshot, places)
            )
        });
        for place in places {
            if let Place::Pending(endpoint) | Place::Retry(endpoint, _) = place {
                found.that(*endpoint != delivery.endpoint(), key, || {
                    format!("waits at {endpoint}")
                });
            }
        }
    }
}

/// The promise itself: every delivery that was made has ended visibly, or is unfinished. Scripts drop entries that they can't
/// read, so while there are any the sum says nothing.
pub(super) fn counted(facts: &Facts<'_>, found: &mut Found) {
    let stats = &facts.snapshot.stats;
    let made = stats.number("deliveries");
    let ended: i64 = ["succeeded", "exhausted", "canceled"]
        .iter()
        .map(|name| stats.number(name))
        .sum();
    let is_readable = !facts.snapshot.has_corrupt && stats.number("corrupt") == 0;
    let waiting = facts.tally.unfinished;
    let came = stats.number("movedIn") - stats.number("movedOut");
    found.that(
        is_readable && made + came - ended != waiting,
        || "stats".to_owned(),
        || {
            let with_accounts = if came == 0 {
                String::new()
            } else {
                format!(", {came} came with accounts that moved")
            };
            format!(
                "{made} deliveries were made{with_accounts} and {ended} ended, and {waiting} are unfinished"
            )
        },
    );
}

/// An event has its payload while one of its deliveries is unfinished, and goes to endpoints of its own account only.
pub(super) fn payloads(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (delivery, places) in snapshot.places.iter() {
        if !places.iter().any(Place::is_unfinished) {
            continue;
        }
        let key = || format!("delivery:{delivery}");
        let Some(event) = snapshot.events.get(&delivery.event()) else {
            found.that(true, key, || {
                format!("its payload event:{} is gone", delivery.event())
            });
            continue;
        };
        found.that(event.bytes == 0, key, || {
            format!("its payload event:{} is empty", delivery.event())
        });
        let endpoint = facts.owner_of(delivery);
        let account = snapshot.accounts.name(event.account);
        found.that(endpoint.is_some_and(|owner| owner != account), key, || {
            format!(
                "brings an event of {account} to an endpoint of {}",
                endpoint.unwrap_or_default()
            )
        });
    }
}

/// A record says where its delivery is.
pub(super) fn records(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (delivery, record) in &snapshot.records {
        let key = || format!("delivery:{delivery}");
        let places = snapshot.places.of_key(delivery);
        let fits = places.iter().all(|place| match place {
            Place::Pending(_) => record.state == DeliveryState::Pending,
            Place::Retry(..) => record.state == DeliveryState::Retrying,
            Place::Quarantined => record.state == DeliveryState::Quarantined,
            // Fetching leaves the record as it is.
            Place::Leased => record.state.after(Transition::Fetched).is_some(),
            Place::SetAside(_) => !record.state.is_final(),
            Place::Failed(_) | Place::Forgotten(_) => record.state == DeliveryState::Exhausted,
            // Its record went with it.
            Place::Canceled(_) => false,
        });
        found.that(!fits, key, || {
            format!("is {} but in {}", record.state, names_of(snapshot, places))
        });
        let is_lost = places.is_empty() && !record.state.is_final();
        let by = || Remedy::Delivery {
            delivery: delivery.to_string(),
        };
        found.mended(is_lost, key, || "waits nowhere".to_owned(), by);
        logged(delivery, record, found);
    }
    for (delivery, places) in snapshot
        .places
        .iter()
        .filter(|(delivery, _)| delivery.is_replay())
    {
        let waits = places.iter().any(Place::is_unfinished);
        found.that(
            waits && !snapshot.records.contains_key(delivery),
            || format!("delivery:{delivery}"),
            || "is a replay and has no record of what it repeats".to_owned(),
        );
    }
}

/// Invariant 10: the log can't disagree with the queue. The record is in the state of its newest log entry, or in one that the
/// delivery came to since without a word in the log.
fn logged(delivery: &DeliveryKey, record: &RecordRow, found: &mut Found) {
    let Some((outcome, attempt)) = record.logged else {
        return;
    };
    let is_told = record.state.can_follow(outcome);
    found.that(
        !is_told || attempt != record.attempts,
        || format!("delivery:{delivery}"),
        || {
            format!(
                "is {} after {} attempts, and the log says {} after {attempt}",
                record.state, record.attempts, outcome
            )
        },
    );
}

/// The set of an endpoint's exhausted deliveries has all whose records the workers keep.
pub(super) fn exhausted(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let Some(policy) = &snapshot.policy else {
        return;
    };
    let kept = i64::try_from(policy.retention_failed.as_millis()).unwrap_or(i64::MAX);
    let since = snapshot.stats.now().saturating_sub(kept).saturating_add(GRACE_MS);
    for (delivery, record) in &snapshot.records {
        let is_kept = record.state == DeliveryState::Exhausted && record.exhausted_at > since;
        found.that(
            is_kept && snapshot.places.of_key(delivery).is_empty() && facts.owner_of(delivery).is_some(),
            || format!("delivery:{delivery}"),
            || format!("is exhausted, and missing in failed:{}", delivery.endpoint()),
        );
    }
}
