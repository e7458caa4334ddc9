//! Events, what accounts are charged for them, and the index of those that are finished.

use super::{Done, Row, Scored, key, whole};
use crate::check::finished::FinishedEntry;
use crate::check::rows::{CHARGED_BESIDES, EventRow};
use crate::check::snapshot::Snapshot;

/// The fields that [`event`] takes.
pub(in crate::check) const FIELDS: &[&str] = &[
    "account",
    "refs",
    "charge",
    "acceptedAt",
    "failed",
    "again",
    "erased",
];

pub(in crate::check) fn event(snapshot: &mut Snapshot, id: &str, row: Row) -> Done {
    let [account, refs, charge, accepted_at, failed, again, erased] =
        [0, 1, 2, 3, 4, 5, 6].map(|field| row.values[field].as_ref());
    let account = account.ok_or("has no account")?;
    let charge: i64 = whole(charge, "charge")?;
    let event = EventRow {
        account: snapshot.accounts.number(account),
        refs: whole(refs, "refs")?,
        charge,
        // What was erased counts until its deliveries have ended.
        bytes: i32::try_from(erased.map_or(row.length, |_| charge - CHARGED_BESIDES)).unwrap_or(i32::MAX),
        failed: failed.is_some(),
        again: again.map_or(Ok(0), |_| whole(again, "again"))?,
        accepted_at: accepted_at.map_or(Ok(0), |_| whole(accepted_at, "acceptedAt"))?,
        expires: row.expires,
    };
    snapshot.events.insert(key(id)?, event);
    Ok(())
}

pub(in crate::check) fn account_bytes(snapshot: &mut Snapshot, account: &str, bytes: Option<i64>) -> Done {
    let bytes = bytes.map(|bytes| (account.to_owned(), bytes));
    snapshot.account_bytes.extend(bytes);
    Ok(())
}

pub(in crate::check) fn delivered(snapshot: &mut Snapshot, account: &str, entries: Vec<String>) -> Done {
    add_finished(snapshot, account, "delivered", entries)
}

pub(in crate::check) fn exhausted(snapshot: &mut Snapshot, account: &str, entries: Vec<String>) -> Done {
    add_finished(snapshot, account, "exhausted", entries)
}

fn add_finished(snapshot: &mut Snapshot, account: &str, class: &str, entries: Vec<String>) -> Done {
    let of = (account.to_owned(), class.to_owned());
    let list = snapshot.finished.lists.entry(of).or_default();
    for text in entries {
        match FinishedEntry::parse(&text) {
            Some(entry) => list.push(entry),
            None => snapshot
                .unreadable
                .push(format!("account:{account}:{class} {text}")),
        }
    }
    Ok(())
}

pub(in crate::check) fn oldest_delivered(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let times = of_class(members, "delivered");
    snapshot.finished.oldest.extend(times);
    Ok(())
}

pub(in crate::check) fn oldest_exhausted(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let times = of_class(members, "exhausted");
    snapshot.finished.oldest.extend(times);
    Ok(())
}

pub(in crate::check) fn delivered_bytes(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let bytes = of_class(members, "delivered");
    snapshot.finished.bytes.extend(bytes);
    Ok(())
}

pub(in crate::check) fn exhausted_bytes(snapshot: &mut Snapshot, _: &str, members: Scored) -> Done {
    let bytes = of_class(members, "exhausted");
    snapshot.finished.bytes.extend(bytes);
    Ok(())
}

fn of_class(members: Scored, class: &'static str) -> impl Iterator<Item = ((String, String), f64)> {
    members
        .into_iter()
        .map(move |(account, score)| ((account, class.to_owned()), score))
}
