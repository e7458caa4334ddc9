//! How a key is read.

use super::put::{Hash, Put, Row};

/// What the check wants to know about a key's lifetime.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lifetime {
    /// Nothing.
    Any,
    /// That it has one.
    Required,
    /// Whether it has one; that goes into the snapshot.
    Recorded,
}

/// How to read a key, and what adds it to the snapshot.
#[derive(Debug)]
pub(super) enum Take {
    /// Not at all.
    Nothing,
    /// These fields of a hash, and the length of one that is long.
    Fields(&'static [&'static str], &'static str, Put<Row>),
    /// These fields of a hash. The last one holds the ids of log entries, of which the newest is read next.
    Record(&'static [&'static str], Put<Row>),
    /// The whole of a small hash.
    Hash(Put<Hash>),
    /// A text.
    Text(Put<Option<String>>),
    /// A number.
    Number(Put<Option<i64>>),
    /// How long a text is.
    Length(Put<usize>),
    /// A list, page by page.
    List(Put<Vec<String>>),
    /// A sorted set, page by page.
    Sorted(Put<Vec<(String, f64)>>),
}
