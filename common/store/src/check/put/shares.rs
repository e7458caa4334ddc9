//! What is in flight for each account and at each destination, and who waits for a place.

use super::{Done, Hash, Scored};
use crate::check::snapshot::Snapshot;

pub(in crate::check) fn shares(snapshot: &mut Snapshot, _: &str, hash: Hash) -> Done {
    snapshot.shares = hash.fields;
    Ok(())
}

pub(in crate::check) fn names(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    snapshot
        .waited_for
        .extend(members.into_iter().map(|(name, _)| name));
    Ok(())
}

pub(in crate::check) fn waiting(snapshot: &mut Snapshot, name: &str, members: Scored) -> Done {
    let waiting = snapshot.waiting.entry(name.to_owned()).or_default();
    waiting.extend(members.into_iter().map(|(endpoint, _)| endpoint));
    Ok(())
}
