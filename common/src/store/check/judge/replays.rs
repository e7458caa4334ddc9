//! Replays of many.

use super::{Facts, Found};

/// They are under way or have a lifetime, and count no more ends than they made deliveries.
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
        found.that(is_running == replay.expires, key, || {
            format!(
                "is {} and has {} lifetime",
                replay.state,
                if replay.expires { "a" } else { "no" }
            )
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
        found.that(
            !snapshot.replays.contains_key(id),
            || "replays".to_owned(),
            || format!("has {id}, which does not exist"),
        );
    }
}
