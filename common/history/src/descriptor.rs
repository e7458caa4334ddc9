//! What the index of a series says of each block: a text, of one word each, that whoever looks for something reads in place of the
//! block.

use std::fmt;
use std::str::FromStr;

use domain::id::AccountId;

use crate::names::{BlockId, Place};

/// A text that describes no block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the description of a block")]
pub struct InvalidDescriptor;

/// The most event types that are named.
const MOST_KINDS: usize = 32;

/// A block of finished events:
/// `<block> <accepted from>-<to (ms)> <finished from>-<to (s)> <events> <bytes> <charge> <bits of its filter> <event types>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventsDescriptor {
    /// The block.
    pub block: BlockId,
    /// The times in the events' ids (ms): the first and the last.
    pub accepted: (u64, u64),
    /// When the events finished (s): the first and the last.
    pub finished: (u64, u64),
    /// How many events it has.
    pub count: u32,
    /// How large it is (bytes).
    pub bytes: u32,
    /// What its events are charged together when one of each is unfinished.
    pub charge: u64,
    /// How many bits its filter has.
    pub filter_bits: u32,
    /// Which types of events it has; `None` when they are too many to be named.
    pub kinds: Option<Vec<String>>,
}

/// A block of a log:
/// `<block> <account> <first entry> <last entry> <entries> <bytes> <outcome>=<attempts>,… <event types>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogDescriptor {
    /// The block.
    pub block: BlockId,
    /// Whose it is.
    pub account: AccountId,
    /// Its first entry.
    pub first: Place,
    /// Its last entry.
    pub last: Place,
    /// How many entries it has.
    pub count: u32,
    /// How large it is (bytes).
    pub bytes: u32,
    /// How many attempts had each outcome, test events among them.
    pub outcomes: Vec<(String, u32)>,
    /// Which types of events were attempted; `None` when they are too many to be named.
    pub kinds: Option<Vec<String>>,
}

/// Types to be named: each once, sorted; `None` for too many, and if one can't be a word.
pub(crate) fn named<'a>(kinds: impl Iterator<Item = &'a str>) -> Option<Vec<String>> {
    let mut named: Vec<String> = Vec::new();
    for kind in kinds {
        if let Err(place) = named.binary_search_by(|known| known.as_str().cmp(kind)) {
            if named.len() == MOST_KINDS || !is_word(kind) {
                return None;
            }
            named.insert(place, kind.to_owned());
        }
    }
    Some(named)
}

/// Whether a text can stand in a list.
pub(crate) fn is_word(text: &str) -> bool {
    !text.is_empty() && text != "*" && text != "-" && !text.contains([' ', ',', '='])
}

/// A list as one word: `-` for none, `*` for too many.
struct Kinds<'a>(&'a Option<Vec<String>>);

impl fmt::Display for Kinds<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_deref() {
            None => formatter.write_str("*"),
            Some([]) => formatter.write_str("-"),
            Some(kinds) => formatter.write_str(&kinds.join(",")),
        }
    }
}

fn read_kinds(text: &str) -> Option<Vec<String>> {
    match text {
        "*" => None,
        "-" => Some(Vec::new()),
        kinds => Some(kinds.split(',').map(str::to_owned).collect()),
    }
}

impl fmt::Display for EventsDescriptor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (accepted, finished) = (self.accepted, self.finished);
        write!(
            formatter,
            "{} {}-{} {}-{} {} {} {} {} {}",
            self.block,
            accepted.0,
            accepted.1,
            finished.0,
            finished.1,
            self.count,
            self.bytes,
            self.charge,
            self.filter_bits,
            Kinds(&self.kinds)
        )
    }
}

impl fmt::Display for LogDescriptor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "{} {} {} {} {} {} ",
            self.block, self.account, self.first, self.last, self.count, self.bytes
        )?;
        if self.outcomes.is_empty() {
            formatter.write_str("-")?;
        }
        for (at, (outcome, count)) in self.outcomes.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            write!(formatter, "{comma}{outcome}={count}")?;
        }
        write!(formatter, " {}", Kinds(&self.kinds))
    }
}

fn value<T: FromStr>(text: &str) -> Result<T, InvalidDescriptor> {
    text.parse().map_err(|_| InvalidDescriptor)
}

fn span(text: &str) -> Result<(u64, u64), InvalidDescriptor> {
    let (from, to) = text.split_once('-').ok_or(InvalidDescriptor)?;
    Ok((value(from)?, value(to)?))
}

fn words<const N: usize>(text: &str) -> Result<[&str; N], InvalidDescriptor> {
    text.split(' ')
        .collect::<Vec<_>>()
        .try_into()
        .map_err(|_| InvalidDescriptor)
}

impl FromStr for EventsDescriptor {
    type Err = InvalidDescriptor;

    fn from_str(text: &str) -> Result<Self, InvalidDescriptor> {
        let [
            block,
            accepted,
            finished,
            count,
            bytes,
            charge,
            filter_bits,
            kinds,
        ] = words(text)?;
        Ok(Self {
            block: value(block)?,
            accepted: span(accepted)?,
            finished: span(finished)?,
            count: value(count)?,
            bytes: value(bytes)?,
            charge: value(charge)?,
            filter_bits: value(filter_bits)?,
            kinds: read_kinds(kinds),
        })
    }
}

impl FromStr for LogDescriptor {
    type Err = InvalidDescriptor;

    fn from_str(text: &str) -> Result<Self, InvalidDescriptor> {
        let [block, account, first, last, count, bytes, outcomes, kinds] = words(text)?;
        let outcome = |text: &str| {
            let (outcome, count) = text.split_once('=').ok_or(InvalidDescriptor)?;
            Ok((outcome.to_owned(), value(count)?))
        };
        Ok(Self {
            block: value(block)?,
            account: value(account)?,
            first: value(first)?,
            last: value(last)?,
            count: value(count)?,
            bytes: value(bytes)?,
            outcomes: match outcomes {
                "-" => Vec::new(),
                outcomes => outcomes.split(',').map(outcome).collect::<Result<_, _>>()?,
            },
            kinds: read_kinds(kinds),
        })
    }
}
