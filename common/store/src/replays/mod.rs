//! Replays: sending again what was finished, one delivery by hand or all of a time span.
//!
//! `one` replays a single delivery; `many` starts, shows and cancels a replay of many; `count` says how many deliveries it
//! would take; `packed` is a source that was packed; `view` reads a replay as scripts answer it. Workers make the deliveries of a replay of many (`upkeep.lua`), by
//! `step` if they may have been packed.

mod packed;

mod one;

mod many;

mod count;

mod step;

mod view;

use domain::clock::Timestamp;
use domain::id::ReplayId;

use super::scripts::{Argument, answered_in_words};

pub(crate) use count::ReplayCounting;
pub(crate) use many::{ReplayCancel, ReplayGet, ReplayStart};
pub(crate) use one::ReplayOne;
pub(crate) use step::{ReplayLook, ReplayStep};

/// What came of a replay by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayOutcome {
    /// The new delivery waits for its turn.
    Pending,
    /// The new delivery is parked until its endpoint is switched on.
    Parked,
    /// The payload is not kept any more. Nothing was changed.
    Expired,
    /// The account's unfinished payloads take all the space that it may have. Nothing was changed.
    OverBudget,
    /// The account has no such endpoint.
    EndpointNotFound,
}

/// Which finished deliveries a replay of many takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayStatus {
    /// Those that were given up.
    Exhausted,
    /// Those that succeeded, as far as the log goes back.
    Succeeded,
    /// Those that were given up or canceled, unless a replay of them has succeeded since.
    Undelivered,
}

/// What a replay of many sends again: deliveries that ended within a time span.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplaySpan {
    /// How they ended.
    pub status: ReplayStatus,
    /// The names of their events' types; of all types, if there is none.
    pub events: Vec<String>,
    /// Not before.
    pub since: Timestamp,
    /// Not after.
    pub until: Timestamp,
}

/// Where a replay of many stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayState {
    /// Workers make its deliveries, a few at a time.
    Running,
    /// Workers have made all its deliveries. Some may still be under way.
    Finished,
    /// Its owner canceled it: workers make no more.
    Canceled,
}

/// A replay of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Its id.
    pub id: ReplayId,
    /// Where it stands.
    pub state: ReplayState,
    /// What it sends again.
    pub span: ReplaySpan,
    /// Deliveries that workers made.
    pub made: u64,
    /// Deliveries that it left out: their payload is gone, or they are replays themselves.
    pub skipped: u64,
    /// Made deliveries that succeeded.
    pub succeeded: u64,
    /// Made deliveries that were given up.
    pub exhausted: u64,
    /// Made deliveries that were canceled.
    pub canceled: u64,
    /// Whether its deliveries are parked, since the endpoint is not active.
    pub is_parked: bool,
    /// When it began.
    pub created_at: Timestamp,
    /// When it made the last one, or was canceled.
    pub finished_at: Option<Timestamp>,
}

/// What came of starting a replay of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StartOutcome {
    /// It runs.
    Started(Box<Replay>),
    /// Another one of this endpoint runs. Nothing was changed.
    Running(ReplayId),
    /// The account has no such endpoint.
    EndpointNotFound,
}

/// How many deliveries a replay of many would take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayCount {
    /// How many.
    pub matching: u64,
    /// Whether there may be more, since counting stopped at a bound.
    pub is_lower_bound: bool,
}

impl ReplayStatus {
    /// The stable name, the same in Redis and in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Exhausted => "exhausted",
            Self::Succeeded => "succeeded",
            Self::Undelivered => "undelivered",
        }
    }
}

impl ReplaySpan {
    /// The types of events as they are stored: `,<type>,<type>,`, or nothing for all.
    fn events_text(&self) -> String {
        match self.events.as_slice() {
            [] => String::new(),
            events => format!(",{},", events.join(",")),
        }
    }
}

/// The types of events that were stored as this text.
fn events_of(text: &str) -> Vec<String> {
    let names = text.split(',').filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

answered_in_words! {
    ReplayStatus {
        "exhausted" => Exhausted,
        "succeeded" => Succeeded,
        "undelivered" => Undelivered,
    }
}

impl Argument for ReplayStatus {
    fn write(&self, command: &mut redis::Cmd) {
        self.as_str().write(command);
    }
}

answered_in_words! {
    ReplayOutcome {
        "pending" => Pending,
        "parked" => Parked,
        "expired" => Expired,
        "over_budget" => OverBudget,
        "" => EndpointNotFound,
    }
}

answered_in_words! {
    StartOutcome {
        "started" => Started(replay),
        "running" => Running(replay),
        "" => EndpointNotFound,
    }
}
