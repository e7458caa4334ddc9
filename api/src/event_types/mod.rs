//! Which event types there are: those of the product in whose service this program is.
//!
//! `EVENT_TYPES_FILE` names a file with them. It is read at the start, as a whole and strictly: what is wrong with it stops the start with
//! one sentence, so that no customer meets half a catalog.

mod schema;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use clap::Args;
use domain::catalog::{Catalog, EventDescription};
use domain::event::{EventType, Subscription};
use sha2::{Digest, Sha256};

/// The longest file, in bytes: all of it becomes part of the document.
const MAX_FILE: u64 = 1 << 20;

/// Which event types there are.
#[derive(Debug, Clone, Args)]
pub struct EventTypesArgs {
    /// A JSON file with the event types: names, descriptions, JSON Schemas, samples (see docs/event-types.md). Without one there are
    /// those of the chatbot product. The same for all APIs.
    #[arg(long, env, default_value = "", value_parser = read)]
    pub event_types_file: EventTypes,
}

/// The event types of a product, as they were configured.
#[derive(Debug, Clone)]
pub struct EventTypes(Arc<Catalog>);

impl EventTypesArgs {
    /// The event types.
    #[must_use]
    pub fn catalog(&self) -> &Catalog {
        &self.event_types_file.0
    }
}

/// Reads the file at a path; no path stands for the default.
fn read(path: &str) -> Result<EventTypes, String> {
    let catalog = if path.is_empty() {
        Catalog::default()
    } else {
        let text = read_text(path).map_err(|reason| format!("the file `{path}` {reason}"))?;
        parse(&text).map_err(|reason| format!("the file `{path}`: {reason}"))?
    };
    Ok(EventTypes(Arc::new(catalog)))
}

fn read_text(path: &str) -> Result<String, String> {
    let mut text = String::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE + 1).read_to_string(&mut text))
        .map_err(|error| format!("can't be read ({error})"))?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MAX_FILE {
        return Err(format!("is longer than {MAX_FILE} bytes"));
    }
    Ok(text)
}

/// Reads event types, and checks their schemas and samples.
fn parse(text: &str) -> Result<Catalog, String> {
    let catalog = Catalog::parse(text).map_err(|error| error.to_string())?;
    schema::check(&catalog).map_err(|error| error.to_string())?;
    Ok(catalog)
}

/// The types of a catalog, each with what stands for all that is known about it.
pub(crate) fn digests(catalog: &Catalog) -> Vec<(EventType, String)> {
    let entries = catalog.all().iter();
    let digests = entries.filter_map(|entry| match entry.subscription {
        Subscription::Only(kind) => Some((kind, digest(entry))),
        Subscription::All | Subscription::Account(_) => None,
    });
    digests.collect()
}

/// The same in every API of whatever release that has the same file.
fn digest(entry: &EventDescription) -> String {
    let mut hash = Sha256::new();
    for part in [
        entry.description.as_str(),
        &entry.version,
        if entry.deprecated { "deprecated" } else { "" },
        entry.schema.get(),
        entry.sample.get(),
    ] {
        hash.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        hash.update(part);
    }
    hex::encode(&hash.finalize()[..8])
}

/// Why the program can't start with these types: endpoints subscribe to some that it doesn't have.
pub(crate) fn still_needed(in_use: &BTreeMap<String, u64>) -> String {
    let each = in_use.iter().map(|(name, count)| {
        let endpoints = if *count == 1 { "endpoint" } else { "endpoints" };
        format!("`{name}` ({count} {endpoints})")
    });
    format!(
        "EVENT_TYPES_FILE: event types are missing that endpoints subscribe to: {}; keep each with `\"deprecated\": true` until none does",
        each.collect::<Vec<_>>().join(", ")
    )
}

#[cfg(test)]
mod tests;
