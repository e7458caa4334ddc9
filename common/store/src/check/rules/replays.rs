//! Replays of many.

use std::time::Duration;

use super::super::remedy::Remedy;
use super::{Facts, Found};

/// The most replays of many that an endpoint keeps after their end.
const MOST_ENDED: usize = 20;

/// How long one stays that has ended and has no lifetime.
const WEEK: Duration = Duration::from_secs(7 * 86_400);

/// A replay runs or has a lifetime, and of the deliveries that it made no more ended than there are.
pub(super) fn replays(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (id, replay) in &snapshot.replays {
        let key = || format!("replay:{id}");
        let is_running = replay.state == "running";
        found.that(is_running != snapshot.replaying.contains_key(id), key, || {
            format!(
                "is {} and {}in replays",
                replay.state,
                if is_running { "not " } else { "" }
            )
        });
        let what = || {
            format!(
                "is {} and has {} lifetime",
                replay.state,
                if replay.expires { "a" } else { "no" }
            )
        };
        found.mended(is_running == replay.expires, key, what, || Remedy::Lifetime {
            key: key(),
            stays: (!is_running).then_some(WEEK),
        });
        found.that(replay.ended > replay.made, key, || {
            format!("made {}, and {} of them ended", replay.made, replay.ended)
        });
        found.that(
            is_running && !snapshot.endpoints.contains_key(&replay.endpoint),
            key,
            || format!("is of {}, which does not exist", replay.endpoint),
        );
    }
    for id in snapshot.replaying.keys() {
        found.mended(
            !snapshot.replays.contains_key(id),
            || "replays".to_owned(),
            || format!("has {id}, which does not exist"),
            || Remedy::Member {
                key: "replays".to_owned(),
                member: id.clone(),
            },
        );
    }
}

/// A replay that has ended is in its endpoint's list, and that is bounded.
pub(super) fn ended(facts: &Facts<'_>, found: &mut Found) {
    let snapshot = facts.snapshot;
    for (id, replay) in snapshot.replays.iter().filter(|(_, replay)| replay.is_listed) {
        let ended = snapshot.ended_replays.get(&replay.endpoint);
        found.that(
            ended.is_none_or(|ended| !ended.contains(id)),
            || format!("replay:{id}"),
            || format!("has ended and is not in the list of {}", replay.endpoint),
        );
    }
    for (endpoint, ended) in &snapshot.ended_replays {
        found.that(
            ended.len() > MOST_ENDED,
            || format!("replays:{endpoint}"),
            || format!("has {} of them, the most is {MOST_ENDED}", ended.len()),
        );
    }
}
