//! The invariants of docs/ARCHITECTURE.md, held against a snapshot.

use std::collections::HashMap;

use super::Violation;
use super::finished::judge_finished;
use super::snapshot::{EndpointRow, Place, RecordRow, Snapshot};
use crate::id::DeliveryId;

/// Everything that breaks an invariant.
#[must_use]
pub fn judge(snapshot: &Snapshot) -> Vec<Violation> {
    let mut found = Found(Vec::new());
    let tally = Tally::of(snapshot);
    judge_deliveries(snapshot, &mut found);
    judge_records(snapshot, &mut found);
    judge_events(snapshot, &tally, &mut found);
    for (id, endpoint) in &snapshot.endpoints {
        judge_endpoint(snapshot, &tally, id, endpoint, &mut found);
    }
    judge_finished(snapshot, &mut found);
    judge_replays(snapshot, &mut found);
    judge_indexes(snapshot, &mut found);
    found.0
}

pub(super) struct Found(Vec<Violation>);

impl Found {
    pub(super) fn that(&mut self, is_wrong: bool, key: String, what: impl FnOnce() -> String) {
        if is_wrong {
            self.0.push(Violation { key, what: what() });
        }
    }
}

/// Sums over all deliveries.
#[derive(Default)]
struct Tally {
    /// Unfinished deliveries of each event.
    refs: HashMap<String, i64>,
    /// Leases of each endpoint.
    leased: HashMap<String, i64>,
    /// Entries of each endpoint's pending list.
    pending: HashMap<String, i64>,
    /// Each endpoint's nearest retry.
    nearest: HashMap<String, f64>,
    /// Payload bytes of the unfinished deliveries of each endpoint.
    bytes: HashMap<String, i64>,
    /// What unfinished events are charged to each account.
    charged: HashMap<String, i64>,
}

impl Tally {
    fn of(snapshot: &Snapshot) -> Self {
        let mut tally = Self::default();
        for (delivery, places) in &snapshot.places {
            let Ok(id) = delivery.parse::<DeliveryId>() else {
                continue;
            };
            let (event, endpoint) = (id.event().to_string(), id.endpoint().to_string());
            if places.iter().any(Place::is_unfinished) {
                let bytes = snapshot.events.get(&event).map_or(0, |event| event.bytes);
                *tally.bytes.entry(endpoint.clone()).or_default() += bytes;
                *tally.refs.entry(event).or_default() += 1;
            }
            for place in places {
                match place {
                    Place::Leased => *tally.leased.entry(endpoint.clone()).or_default() += 1,
                    Place::Pending(list) => *tally.pending.entry(list.clone()).or_default() += 1,
                    Place::Retry(set, due) => {
                        let nearest = tally.nearest.entry(set.clone()).or_insert(*due);
                        *nearest = nearest.min(*due);
                    }
                    _ => {}
                }
            }
        }
        for event in snapshot.events.values().filter(|event| event.refs > 0) {
            *tally.charged.entry(event.account.clone()).or_default() += event.charge;
        }
        tally
    }
}

/// Invariant 1: a delivery is in one place, and that is one of its own endpoint.
fn judge_deliveries(snapshot: &Snapshot, found: &mut Found) {
    for (delivery, places) in &snapshot.places {
        let key = || format!("delivery:{delivery}");
        found.that(places.len() != 1, key(), || {
            format!("is in {} places: {places:?}", places.len())
        });
        let Ok(id) = delivery.parse::<DeliveryId>() else {
            found.that(true, key(), || "its id can't be read".to_owned());
            continue;
        };
        for place in places {
            if let Place::Pending(endpoint) | Place::Retry(endpoint, _) = place {
                found.that(endpoint != id.endpoint().as_str(), key(), || {
                    format!("waits at {endpoint}")
                });
            }
        }
        let is_unfinished = places.iter().any(Place::is_unfinished);
        let event = id.event();
        found.that(
            is_unfinished && !snapshot.events.contains_key(event.as_str()),
            key(),
            || format!("its payload event:{event} is gone"),
        );
    }
    for text in &snapshot.unreadable {
        found.that(true, text.clone(), || "can't be read".to_owned());
    }
}

/// A record says where its delivery is.
fn judge_records(snapshot: &Snapshot, found: &mut Found) {
    for (delivery, record) in &snapshot.records {
        let key = || format!("delivery:{delivery}");
        let places = snapshot
            .places
            .get(delivery)
            .map_or(&[] as &[Place], Vec::as_slice);
        let fits = places.iter().all(|place| match place {
            Place::Pending(_) | Place::Leased => record.state == "pending",
            Place::Retry(..) => record.state == "retrying",
            Place::Quarantined => record.state == "quarantined",
            Place::SetAside(_) => !is_final(record),
            Place::Failed(_) => record.state == "exhausted",
        });
        // A lease of the first attempt after a quarantine keeps that word until it ends.
        let served_alone = record.state == "quarantined" && places == [Place::Leased];
        found.that(!fits && !served_alone, key(), || {
            format!("is {} but in {places:?}", record.state)
        });
        let is_final = is_final(record);
        found.that(is_final != record.expires, key(), || {
            format!(
                "is {} and has {} lifetime",
                record.state,
                if record.expires { "a" } else { "no" }
            )
        });
        found.that(places.is_empty() && !is_final, key(), || {
            "waits nowhere".to_owned()
        });
        judge_logged(delivery, record, found);
    }
    for (delivery, places) in &snapshot.places {
        let is_replay = delivery.parse::<DeliveryId>().is_ok_and(|id| id.is_replay());
        let waits = places.iter().any(Place::is_unfinished);
        found.that(
            is_replay && waits && !snapshot.records.contains_key(delivery),
            format!("delivery:{delivery}"),
            || "is a replay and has no record of what it repeats".to_owned(),
        );
    }
}

fn is_final(record: &RecordRow) -> bool {
    matches!(record.state.as_str(), "exhausted" | "succeeded")
}

/// Invariant 10: the log can't disagree with the queue.
fn judge_logged(delivery: &str, record: &RecordRow, found: &mut Found) {
    let key = || format!("delivery:{delivery}");
    let Some((outcome, attempt)) = &record.logged else {
        return;
    };
    let is_told = match record.state.as_str() {
        state @ ("succeeded" | "exhausted" | "retrying") => outcome == state,
        // It waits for its turn again.
        _ => outcome == "retrying",
    };
    found.that(!is_told || *attempt != record.attempts, key(), || {
        format!(
            "is {} after {} attempts, and the log says {outcome} after {attempt}",
            record.state, record.attempts
        )
    });
}

/// Replays of many are under way or have a lifetime, and count no more ends than they made deliveries.
fn judge_replays(snapshot: &Snapshot, found: &mut Found) {
    for (id, replay) in &snapshot.replays {
        let key = || format!("replay:{id}");
        let is_running = replay.state == "running";
        found.that(is_running != snapshot.replaying.contains(id), key(), || {
            format!(
                "is {} and {}in replays",
                replay.state,
                if is_running { "not " } else { "" }
            )
        });
        found.that(is_running == replay.expires, key(), || {
            format!(
                "is {} and has {} lifetime",
                replay.state,
                if replay.expires { "a" } else { "no" }
            )
        });
        found.that(replay.ended > replay.made, key(), || {
            format!("made {}, and {} of them ended", replay.made, replay.ended)
        });
        found.that(
            is_running && !snapshot.endpoints.contains_key(&replay.endpoint),
            key(),
            || format!("is of {}, which does not exist", replay.endpoint),
        );
    }
    for id in &snapshot.replaying {
        found.that(!snapshot.replays.contains_key(id), "replays".to_owned(), || {
            format!("has {id}, which does not exist")
        });
    }
}

/// Invariant 4: references, and what accounts are charged.
fn judge_events(snapshot: &Snapshot, tally: &Tally, found: &mut Found) {
    for (id, event) in &snapshot.events {
        let key = || format!("event:{id}");
        let refs = tally.refs.get(id).copied().unwrap_or(0);
        found.that(event.refs != refs, key(), || {
            format!("refs is {}, unfinished deliveries are {refs}", event.refs)
        });
        found.that(event.refs > 0 && event.expires, key(), || {
            format!("refs is {} and it has a lifetime", event.refs)
        });
    }
    for (account, bytes) in &snapshot.account_bytes {
        let charged = tally.charged.get(account).copied().unwrap_or(0);
        found.that(*bytes != charged, format!("account:{account}:bytes"), || {
            format!("is {bytes}, unfinished events are charged {charged}")
        });
    }
    for (account, charged) in &tally.charged {
        found.that(
            !snapshot.account_bytes.contains_key(account),
            format!("account:{account}:bytes"),
            || format!("is missing, unfinished events are charged {charged}"),
        );
    }
}

/// Invariants 2 and 3: lanes, timers and counters of one endpoint.
fn judge_endpoint(snapshot: &Snapshot, tally: &Tally, id: &str, row: &EndpointRow, found: &mut Found) {
    let key = || format!("endpoint:{id}");
    let leased = tally.leased.get(id).copied().unwrap_or(0);
    let (has_previous, has_end) = row.previous_secret;
    found.that(has_previous != has_end, key(), || {
        "has a previous secret without an end, or an end without one".to_owned()
    });
    found.that(row.in_flight != leased, key(), || {
        format!("inFlight is {}, leases are {leased}", row.in_flight)
    });
    let bytes = tally.bytes.get(id).copied().unwrap_or(0);
    found.that(row.queued_bytes != bytes, key(), || {
        format!("queuedBytes is {}, its deliveries have {bytes}", row.queued_bytes)
    });

    let letter = match row.state.as_str() {
        "active" => "A",
        "disabled" => "D",
        _ => "O",
    };
    let expected = format!("{letter}|,{},|{}", row.events, row.chatbot_id);
    let route = snapshot.routes.get(&(row.account.clone(), id.to_owned()));
    found.that(route != Some(&expected), key(), || {
        format!("its route is {route:?} and should be {expected:?}")
    });

    let waiting = tally.pending.get(id).copied().unwrap_or(0);
    let is_active = row.state == "active";
    let (in_ready, in_slow) = (snapshot.ready.contains(id), snapshot.ready_slow.contains(id));
    let (here, there) = if row.slow {
        (in_slow, in_ready)
    } else {
        (in_ready, in_slow)
    };
    found.that(there, key(), || "is in the other lane".to_owned());
    found.that(here && (!is_active || waiting == 0), key(), || {
        format!("is in a lane, {} with {waiting} waiting", row.state)
    });
    // With something in flight it may be at its limit; the end of that brings it back.
    found.that(
        is_active && waiting > 0 && row.in_flight == 0 && !here,
        key(),
        || format!("has {waiting} waiting, nothing in flight, and is in no lane"),
    );

    let timer = snapshot.timers.get(id);
    found.that(timer.is_some() && !is_active, key(), || {
        "is in timers and not active".to_owned()
    });
    if let Some(nearest) = tally.nearest.get(id).filter(|_| is_active) {
        found.that(timer.is_none_or(|timer| timer > nearest), key(), || {
            format!("its nearest retry is due at {nearest}, its timer at {timer:?}")
        });
    }
    found.that(
        row.state == "disabled" && !snapshot.disabled.contains(id),
        key(),
        || "is missing in disabled".to_owned(),
    );
}

/// What points to endpoints points to some that exist; leases and tokens agree; no key is unknown or immortal.
fn judge_indexes(snapshot: &Snapshot, found: &mut Found) {
    let pointers = [
        ("ready", &snapshot.ready),
        ("ready:slow", &snapshot.ready_slow),
        ("disabled", &snapshot.disabled),
    ]
    .into_iter()
    .flat_map(|(name, set)| set.iter().map(move |id| (name, id)))
    .chain(snapshot.timers.keys().map(|id| ("timers", id)));
    for (name, id) in pointers {
        found.that(!snapshot.endpoints.contains_key(id), name.to_owned(), || {
            format!("has {id}, which does not exist")
        });
    }
    for (key, id) in &snapshot.owned {
        found.that(!snapshot.endpoints.contains_key(id), key.clone(), || {
            "belongs to no endpoint".to_owned()
        });
    }
    for (account, id) in snapshot.routes.keys() {
        found.that(
            !snapshot.endpoints.contains_key(id),
            format!("account:{account}:endpoints"),
            || format!("has {id}, which does not exist"),
        );
    }
    for (delivery, places) in &snapshot.places {
        let is_leased = places.contains(&Place::Leased);
        found.that(
            is_leased != snapshot.tokens.contains(delivery),
            format!("delivery:{delivery}"),
            || {
                format!(
                    "is {} leases and {} tokens",
                    if is_leased { "in" } else { "not in" },
                    if is_leased { "not in" } else { "in" }
                )
            },
        );
    }
    for token in &snapshot.tokens {
        found.that(
            !snapshot.places.contains_key(token),
            format!("delivery:{token}"),
            || "has a token and no lease".to_owned(),
        );
    }
    for key in &snapshot.set_aside {
        found.that(
            !snapshot.sweeps.iter().any(|job| job.contains(key.as_str())),
            key.clone(),
            || "is set aside and in no sweep".to_owned(),
        );
    }
    for key in &snapshot.unknown {
        found.that(true, key.clone(), || "is a key that nothing knows".to_owned());
    }
    for key in &snapshot.immortal {
        found.that(true, key.clone(), || "has no lifetime".to_owned());
    }
}
