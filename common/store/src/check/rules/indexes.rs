//! Whatever names something names what exists; no key is unknown or immortal.

use std::time::Duration;

use super::super::places::Place;
use super::super::remedy::Remedy;
use super::{Facts, Found};

/// Invariant 3: leases and tokens have the same members, and a token tells the size of its payload.
pub(super) fn tokens(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (delivery, places) in snapshot.places.iter() {
        let is_leased = places.contains(&Place::Leased);
        let token = snapshot.token_texts.get(delivery);
        let key = || format!("delivery:{delivery}");
        found.that(is_leased != token.is_some(), key, || {
            format!(
                "is {} leases and {} tokens",
                if is_leased { "in" } else { "not in" },
                if is_leased { "not in" } else { "in" }
            )
        });
        if let (true, Some(token)) = (is_leased, token) {
            let bytes = snapshot.events.get(&delivery.event()).map(|event| event.bytes);
            let told: Option<i32> = token
                .rsplit_once('|')
                // Older releases' tokens lack where the attempt is counted, or also what was in flight beside.
                .filter(|(rest, _)| matches!(rest.split('|').count(), 3..=5))
                .and_then(|(_, bytes)| bytes.parse().ok());
            found.that(bytes.is_some() && told != bytes, key, || {
                format!(
                    "its token is {token:?}, its payload has {} bytes",
                    bytes.unwrap_or(0)
                )
            });
        }
    }
    for token in &snapshot.tokens {
        found.that(
            snapshot.places.of(token).is_empty(),
            || format!("delivery:{token}"),
            || "has a token and no lease".to_owned(),
        );
    }
}

/// Whatever names an endpoint names one that exists.
pub(super) fn owners(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let members = [
        ("ready", &snapshot.ready),
        ("ready:slow", &snapshot.ready_slow),
        ("timers", &snapshot.timers),
        ("failing", &snapshot.failing),
    ];
    let pointers = members
        .into_iter()
        .flat_map(|(name, set)| set.keys().map(move |id| (name.to_owned(), id)))
        .chain(snapshot.parked.iter().map(|id| ("parked".to_owned(), id)))
        .chain(
            snapshot
                .routes
                .keys()
                .map(|(account, id)| (format!("account:{account}:endpoints"), id)),
        );
    for (name, id) in pointers {
        found.mended(
            !snapshot.endpoints.contains_key(id),
            || name.clone(),
            || format!("has {id}, which does not exist"),
            || Remedy::Member {
                key: name.clone(),
                member: id.clone(),
            },
        );
    }
    for (key, id) in &snapshot.owned {
        found.that(
            !snapshot.endpoints.contains_key(id),
            || key.clone(),
            || "belongs to no endpoint".to_owned(),
        );
    }
}

/// Every queue that was set aside has a job in `sweeps`, or one in `chores` that releases it, and every job can be read.
pub(super) fn sweeps(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    let jobs: Vec<Vec<&str>> = snapshot
        .sweeps
        .iter()
        .map(|job| job.split(' ').collect())
        .collect();
    for (job, words) in snapshot.sweeps.iter().zip(&jobs) {
        let is_readable = matches!(
            words[..],
            [
                "release" | "cancel" | "forget" | "drop" | "erased" | "moves",
                _,
                _,
                "list" | "zset"
            ]
        );
        found.that(
            !is_readable,
            || "sweeps".to_owned(),
            || format!("has {job:?}, which can't be read"),
        );
    }
    for chore in snapshot.chores.keys() {
        let words: Vec<&str> = chore.split(' ').collect();
        found.that(
            !matches!(
                words[..],
                ["release" | "suspend", _, _] | ["forward" | "resume", _]
            ),
            || "chores".to_owned(),
            || format!("has {chore:?}, which can't be read"),
        );
    }
    for key in &snapshot.set_aside {
        let is_swept = jobs
            .iter()
            .any(|words| words.get(2).is_some_and(|of| of.ends_with(key.as_str())));
        found.that(
            !is_swept && !snapshot.is_released(key),
            || key.clone(),
            || "is set aside, to be neither swept nor released".to_owned(),
        );
    }
}

/// How long a key stays whose lifetime is missing: what may give access or holds something back for an hour, what somebody may want to read
/// as long as its kind ever stays.
fn stays(key: &str) -> Duration {
    const HOUR: u64 = 3600;
    let is_read = ["failed:", "canceled:", "corrupt:", "replays:", "idempotency:"];
    let is_counted = [":days", ":hours", ":unmatched", ":since", ":idempotency"];
    let hours = if is_counted.iter().any(|end| key.ends_with(end)) {
        91 * 24
    } else if is_read.iter().any(|start| key.starts_with(start)) {
        14 * 24
    } else {
        1
    };
    Duration::from_secs(hours * HOUR)
}

/// No key is unknown, unreadable or immortal.
pub(super) fn keys(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (keys, what) in [
        (&snapshot.unreadable, "can't be read"),
        (&snapshot.unknown, "is a key that nothing knows"),
    ] {
        for key in keys {
            found.that(true, || key.clone(), || what.to_owned());
        }
    }
    for key in &snapshot.immortal {
        found.mended(
            true,
            || key.clone(),
            || "has no lifetime".to_owned(),
            || Remedy::Lifetime {
                key: key.clone(),
                stays: Some(stays(key)),
            },
        );
    }
    for key in &snapshot.away {
        found.that(
            true,
            || format!("corrupt:{key}"),
            || format!("was found in the place of {key}, and moved away: what had been there is lost"),
        );
    }
}
