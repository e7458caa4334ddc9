//! Replays of many.

use super::{Done, Hash, Scored, whole};
use crate::check::rows::ReplayRow;
use crate::check::snapshot::Snapshot;

pub(in crate::check) fn replay(snapshot: &mut Snapshot, id: &str, hash: Hash) -> Done {
    let text = |name: &str| hash.fields.get(name).cloned().unwrap_or_default();
    let number = |name: &str| whole::<i64>(hash.fields.get(name), name);
    let row = ReplayRow {
        endpoint: text("endpoint"),
        state: text("state"),
        made: number("made")?,
        is_listed: hash.fields.contains_key("isListed"),
        ended: number("succeeded")? + number("exhausted")? + number("canceled")?,
        expires: hash.expires,
    };
    snapshot.replays.insert(id.to_owned(), row);
    Ok(())
}

pub(in crate::check) fn replaying(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot.replaying.extend(members);
    Ok(())
}

pub(in crate::check) fn ended_replays(snapshot: &mut Snapshot, endpoint: &str, ended: Vec<String>) -> Done {
    let known = snapshot.ended_replays.entry(endpoint.to_owned());
    known.or_default().extend(ended);
    Ok(())
}
