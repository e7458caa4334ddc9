//! Copies keys from one shard to another as the servers write them, compares both, and removes a copy.

use domain::id::AccountId;
use redis::Value;

use super::outcome::{Copied, MoveError};
use super::script::{AccountMoveRemove, AccountMoveSizes};
use crate::{Store, StoreError};

/// The most keys, and the most bytes, roughly, that are copied in one round trip.
const MOST_KEYS: usize = 100;
const MOST_BYTES: usize = 1 << 20;

/// What the entry of a list, a set or a log takes, roughly, and a hash, which may have a payload.
const ENTRY: usize = 64;
const HASH: usize = 4_096;

/// What is gone at the other side, or about to, for its lifetime is over (ms).
const SHORT: i64 = 60_000;

/// Copies keys: those that are there already are replaced, and each lives on for as long as it would have.
pub(super) async fn copy(
    from: &Store,
    to: &Store,
    names: &[String],
    copied: &mut Copied,
) -> Result<(), MoveError> {
    let sizes = sizes(from, names).await?;
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (name, size) in names.iter().zip(&sizes) {
        batch.push(name.as_str());
        bytes += weight(size);
        if batch.len() >= MOST_KEYS || bytes >= MOST_BYTES {
            copy_batch(from, to, &batch, copied).await?;
            batch.clear();
            bytes = 0;
        }
    }
    copy_batch(from, to, &batch, copied).await
}

async fn copy_batch(from: &Store, to: &Store, names: &[&str], copied: &mut Copied) -> Result<(), MoveError> {
    let mut read = redis::pipe();
    for name in names {
        let key = from.keys().key(name);
        read.cmd("DUMP").arg(&key).cmd("PTTL").arg(&key);
    }
    let mut write = redis::pipe();
    let answers: Vec<Value> = if names.is_empty() {
        Vec::new()
    } else {
        from.query(&read).await?
    };
    for (name, answer) in names.iter().zip(answers.chunks(2)) {
        // What ended by itself meanwhile isn't there.
        if let [Value::BulkString(dumped), Value::Int(left)] = answer
            && *left != -2
        {
            copied.keys += 1;
            copied.bytes += dumped.len() as u64;
            let lifetime = if *left == -1 { 0 } else { (*left).max(1) };
            write
                .cmd("RESTORE")
                .arg(to.keys().key(name))
                .arg(lifetime)
                .arg(dumped.as_slice())
                .arg("REPLACE")
                .ignore();
        }
    }
    if write.is_empty() {
        return Ok(());
    }
    match to.query::<()>(&write).await {
        Err(StoreError::Unexpected(text)) if text.contains("payload version") => {
            Err(MoveError::Refused(format!(
                "the server of shard {} doesn't read what that of shard {} writes: give both the same release ({text})",
                to.shard().number,
                from.shard().number,
            )))
        }
        done => Ok(done?),
    }
}

/// Compares both sides of some keys.
pub(super) async fn compare(
    from: &Store,
    to: &Store,
    names: &[String],
    copied: &mut Copied,
) -> Result<(), MoveError> {
    let (here, there) = (sizes(from, names).await?, sizes(to, names).await?);
    for (name, (here, there)) in names.iter().zip(here.iter().zip(&there)) {
        if here == there {
            copied.compare(name, here);
            continue;
        }
        let key = from.keys().key(name);
        let left: i64 = from.query(redis::cmd("PTTL").arg(key)).await?;
        let has_ended = left == -2 || there.is_empty() && (0..SHORT).contains(&left);
        if !has_ended {
            return Err(MoveError::Differs(format!(
                "{name} has {here:?} in shard {} and {there:?} in its copy",
                from.shard().number
            )));
        }
    }
    Ok(())
}

/// Removes keys of a copy that doesn't count.
pub(super) async fn remove(store: &Store, account: &AccountId, names: &[String]) -> Result<(), MoveError> {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    for name in names.chunks(MOST_KEYS) {
        if !store.call(&AccountMoveRemove { account, name }).await? {
            return Err(MoveError::Refused(
                "somebody else goes on with this move: look how far it is".to_owned(),
            ));
        }
    }
    Ok(())
}

async fn sizes(store: &Store, names: &[String]) -> Result<Vec<String>, StoreError> {
    if names.is_empty() {
        return Ok(Vec::new());
    }
    let name: Vec<_> = names.iter().map(String::as_str).collect();
    store.call(&AccountMoveSizes { name: &name }).await
}

/// How many bytes a key has, roughly.
fn weight(size: &str) -> usize {
    let (kind, number) = size.split_once(' ').unwrap_or_default();
    let number: usize = number.parse().unwrap_or(0);
    match kind {
        "string" => number,
        "hash" => HASH.max(number * ENTRY),
        _ => number * ENTRY,
    }
}
