//! What the programs of one system must be told alike, and nothing makes them: `HEADER_PREFIX`, by which the API documents the headers
//! that workers send, and `EVENT_TYPES_FILE`, which each API reads by itself. Programs announce theirs; the API compares, and warns.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;

use store::{Store, StoreError};

use crate::app::App;
use crate::event_types;

/// How often we compare: a program that was told otherwise may start at any time.
const EVERY: Duration = Duration::from_secs(10);

/// The most event types that a message names.
const MOST_NAMED: usize = 10;

/// Compares with what the programs announced that started last, again and again. The log hears of each difference once.
pub(crate) async fn compare(app: &App) -> Infallible {
    let (mut prefix, mut types) = (None, None);
    loop {
        // While Redis fails, others say so.
        // All programs announce the same to each shard.
        if let Some(store) = app.store.all_reached().next() {
            compare_prefix(app, store, &mut prefix).await.ok();
            compare_types(app, store, &mut types).await.ok();
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Compares with the worker that started last. `known` is what it had announced before.
async fn compare_prefix(app: &App, store: &Store, known: &mut Option<String>) -> Result<(), StoreError> {
    let ours = app.header_prefix.as_str();
    let Some(theirs) = store.announced_header_prefix().await? else {
        return Ok(());
    };
    if known.as_ref() == Some(&theirs) {
        return Ok(());
    }
    if theirs != ours {
        tracing::warn!(
            ours,
            workers = theirs,
            "HEADER_PREFIX differs: receivers get headers with the prefix of the workers, and the document, the page /docs and the \
             signature doctor name others; set it to the same for all"
        );
    } else if known.is_some() {
        tracing::info!(
            ours,
            "HEADER_PREFIX is the same for the API and the workers again"
        );
    }
    *known = Some(theirs);
    Ok(())
}

/// Compares with the API that started last. `known` says in which types it differed before.
async fn compare_types(app: &App, store: &Store, known: &mut Option<Vec<String>>) -> Result<(), StoreError> {
    let theirs = store.announced_event_types().await?;
    let ours = event_types::digests(&app.event_types);
    let ours = ours.into_iter().map(|(kind, digest)| (kind.to_string(), digest));
    let differing = differing(&ours.collect(), &theirs);
    if known.as_ref() == Some(&differing) {
        return Ok(());
    }
    if !differing.is_empty() {
        let mut named = differing.clone();
        named.truncate(MOST_NAMED);
        tracing::warn!(
            types = differing.len(),
            named = named.join(", "),
            "EVENT_TYPES_FILE differs from that of the API that started last: what is accepted and shown depends on which of them is \
             asked, and nobody can subscribe to what the other lacks; give all the same file"
        );
    } else if known.is_some() {
        tracing::info!("EVENT_TYPES_FILE is the same for all APIs again");
    }
    *known = Some(differing);
    Ok(())
}

/// The types that only one side has, or that both describe differently.
fn differing(ours: &BTreeMap<String, String>, theirs: &BTreeMap<String, String>) -> Vec<String> {
    let names = ours.keys().chain(theirs.keys());
    let mut differing: Vec<_> = names
        .filter(|name| ours.get(*name) != theirs.get(*name))
        .cloned()
        .collect();
    differing.sort();
    differing.dedup();
    differing
}

#[cfg(test)]
mod tests;
