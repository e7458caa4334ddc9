//! Accounts that move to another shard, or have moved.

use super::{Done, Hash};
use crate::check::snapshot::Snapshot;

pub(in crate::check) fn record(snapshot: &mut Snapshot, account: &str, hash: Hash) -> Done {
    let phase = hash.fields.get("phase").ok_or("has no phase")?;
    snapshot.moving.insert(account.to_owned(), phase.clone());
    Ok(())
}

pub(in crate::check) fn terms(snapshot: &mut Snapshot, account: &str, terms: Option<String>) -> Done {
    if let Some(shard) = terms.as_deref().and_then(|terms| terms.strip_prefix("moved ")) {
        snapshot.moved.insert(account.to_owned(), shard.to_owned());
    }
    Ok(())
}
