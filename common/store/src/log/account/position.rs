//! Where a page of an account's listing ends, as a text that the caller brings back for the next one.

use std::cmp::{Ordering, Reverse};
use std::fmt;
use std::str::FromStr;

use super::super::{EntryId, InvalidListPosition, ListStatus, Source};
use domain::id::EndpointId;

/// A place in the logs of all endpoints together, which go from the newest entry to the oldest, and by endpoint where two are of one
/// place in their logs. Of two places the greater one comes first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Spot {
    pub(super) id: EntryId,
    pub(super) endpoint: EndpointId,
}

/// Where the next page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPosition {
    /// The logs are shown as they were up to this entry.
    pub(super) bound: EntryId,
    pub(super) at: Stage,
    /// Of a place in the logs: whether they still had it, and so what came next, when the page was read.
    pub(super) is_whole: bool,
}

/// A listing has three parts, each of which it may have or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stage {
    /// What waits, endpoint by endpoint.
    Waiting(Queue),
    /// What was logged: the entry that comes next; `None` at the start.
    Logged(Option<Spot>),
    /// What the logs have no longer, endpoint by endpoint.
    Unlogged(Queue),
}

/// A place in one of an endpoint's queues.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Queue {
    /// The state that is listed, and the endpoint; `None` at the start.
    pub(super) of: Option<(ListStatus, EndpointId)>,
    /// Where in there, and the last entry that was read.
    pub(super) within: Option<(Source, String)>,
}

impl AccountPosition {
    /// The entry that comes next, if that is one of a log.
    pub(super) const fn entry(&self) -> Option<EntryId> {
        match &self.at {
            Stage::Logged(Some(spot)) => Some(spot.id),
            _ => None,
        }
    }
}

impl Ord for Spot {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.id, Reverse(self.endpoint.as_str())).cmp(&(other.id, Reverse(other.endpoint.as_str())))
    }
}

impl PartialOrd for Spot {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for AccountPosition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.bound)?;
        match &self.at {
            Stage::Logged(None) => write!(formatter, "logged"),
            Stage::Logged(Some(Spot { id, endpoint })) => {
                let whole = if self.is_whole { " whole" } else { "" };
                write!(formatter, "logged {id} {endpoint}{whole}")
            }
            Stage::Waiting(queue) => write!(formatter, "waiting{queue}"),
            Stage::Unlogged(queue) => write!(formatter, "unlogged{queue}"),
        }
    }
}

impl fmt::Display for Queue {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((status, endpoint)) = &self.of {
            write!(formatter, " {} {endpoint}", status.state().as_str())?;
        }
        if let Some((source, after)) = &self.within {
            write!(formatter, " {} {after}", source.as_str())?;
        }
        Ok(())
    }
}

impl FromStr for AccountPosition {
    type Err = InvalidListPosition;

    fn from_str(text: &str) -> Result<Self, InvalidListPosition> {
        let words: Vec<_> = text.split(' ').collect();
        let (bound, stage, rest) = match words.as_slice() {
            [bound, stage, rest @ ..] => (read(bound)?, *stage, rest),
            _ => return Err(InvalidListPosition),
        };
        let at = match (stage, rest) {
            ("logged", []) => Stage::Logged(None),
            // Cursors of before don't tell.
            ("logged", [id, endpoint] | [id, endpoint, "whole"]) => Stage::Logged(Some(Spot {
                id: read(id)?,
                endpoint: read(endpoint)?,
            })),
            ("waiting", rest) => Stage::Waiting(Queue::of_words(rest)?),
            ("unlogged", rest) => Stage::Unlogged(Queue::of_words(rest)?),
            _ => return Err(InvalidListPosition),
        };
        let is_whole = matches!((stage, rest), ("logged", [_, _, "whole"]));
        Ok(Self { bound, at, is_whole })
    }
}

impl Queue {
    fn of_words(words: &[&str]) -> Result<Self, InvalidListPosition> {
        let (of, rest) = match words {
            [] => return Ok(Self::default()),
            [status, endpoint, rest @ ..] => (
                (
                    ListStatus::from_name(status).ok_or(InvalidListPosition)?,
                    read(endpoint)?,
                ),
                rest,
            ),
            [_] => return Err(InvalidListPosition),
        };
        let within = match rest {
            [] => None,
            [source, after] => {
                let source = Source::ALL.into_iter().find(|known| known.as_str() == *source);
                Some((source.ok_or(InvalidListPosition)?, (*after).to_owned()))
            }
            _ => return Err(InvalidListPosition),
        };
        Ok(Self { of: Some(of), within })
    }
}

fn read<T: FromStr>(word: &str) -> Result<T, InvalidListPosition> {
    word.parse().map_err(|_| InvalidListPosition)
}

#[cfg(test)]
mod tests;
