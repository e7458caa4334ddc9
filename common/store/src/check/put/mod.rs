//! Adds to the snapshot what was read: a function for each kind of key that has content.

pub(super) mod endpoints;
pub(super) mod events;
pub(super) mod history;
pub(super) mod moving;
pub(super) mod queues;
pub(super) mod records;
pub(super) mod replays;
pub(super) mod shares;

use std::collections::HashMap;

use super::snapshot::Snapshot;
use crate::policy::Policy;

/// Adds what was read of a key to the snapshot. The text says what the key is of: its name without the prefix, and without
/// what all keys of its kind share. An error says what is wrong with the content.
pub(super) type Put<T> = fn(&mut Snapshot, &str, T) -> Result<(), String>;

/// The fields of a hash that its kind names, and the length of its long one.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) values: Vec<Option<String>>,
    pub(super) length: i64,
    pub(super) expires: bool,
}

/// A whole hash.
#[derive(Debug)]
pub(super) struct Hash {
    pub(super) fields: HashMap<String, String>,
    pub(super) expires: bool,
}

type Done = Result<(), String>;
type Scored = Vec<(String, f64)>;

/// A whole number that must be there.
fn whole<T: std::str::FromStr>(value: Option<&String>, name: &str) -> Result<T, String> {
    let text = value.ok_or_else(|| format!("has no {name}"))?;
    text.parse().map_err(|_| format!("{name} is {text:?}"))
}

fn key<T: std::str::FromStr>(id: &str) -> Result<T, String> {
    id.parse().map_err(|_| "its id can't be read".to_owned())
}

pub(super) fn corrupt(snapshot: &mut Snapshot, _: &str, entries: Vec<String>) -> Done {
    snapshot.has_corrupt |= !entries.is_empty();
    Ok(())
}

pub(super) fn policy(snapshot: &mut Snapshot, _: &str, hash: Hash) -> Done {
    snapshot.policy = Policy::read(&hash.fields);
    Ok(())
}
