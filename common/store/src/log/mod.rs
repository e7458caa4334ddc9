//! The log: what became of an endpoint's deliveries, as its owner reads it.
//!
//! The log itself is a stream of attempts (`log:<e>`). The scripts that move the deliveries write it. A *listing* shows each
//! delivery once, at its newest entry.
//!
//! - `listing`: a page of deliveries, and how pages fit together while the log grows; `logged` reads it from the log
//!   and `older` from what was packed of it, `queued` from the queue.
//! - `account`: a listing of all endpoints of an account.
//! - `detail`: one delivery with its payload and its attempts; `search` finds those that only the log knows.
//! - `trace`: what became of one event.
//! - `story`: what became of an event or a delivery, read without a script, for an operator.
//! - `tail`: the log as it grows.
//! - `since`: since when all this is complete.
//! - `range`: pieces of a log, read without a script; `blocks`: what was packed of it.
//! - `entry`, `entry_id`, `phases`, `summary`, `position`: what these read. `packed`: the two forms of an attempt.

mod phases;

mod entry_id;

mod entry;

mod summary;

mod position;

mod packed;

mod listing;

mod logged;

mod older;

mod queued;

mod account;

mod range;

mod blocks;

mod search;

mod detail;

mod trace;

mod story;

mod since;

mod tail;

pub use account::{
    AccountFilter, AccountListing, AccountPage, AccountPlace, AccountPosition, AccountTail, Cancellation,
};
pub use detail::{DeliveryDetail, Payload};
pub use entry::{LogContent, LogEntry, LoggedAttempt};
pub use entry_id::EntryId;
pub use listing::{ListFilter, ListPage, ListStatus, Listing};
pub use packed::unpack;
pub use phases::Phases;
pub use position::{InvalidListPosition, ListPosition, Source};
pub use since::Past;
pub use story::{DeliveryPlace, DeliveryStory, EventStory};
pub use summary::DeliverySummary;
pub use tail::{LogTail, MOST_READ};
pub use trace::{EventTrace, UnmatchedReason};

pub(crate) use account::{EventHeads, LogHeads};
pub(crate) use blocks::Within;
pub(crate) use detail::DeliveryGet;
pub(crate) use entry::{RawEntry, entries};
pub(crate) use logged::LogPage;
pub(crate) use older::LogRecords;
pub(crate) use queued::LogWaiting;
pub(crate) use trace::EventTraceScript;

use summary::{EndpointStanding, Record};

/// How many entries one call of a script reads: a few hundred microseconds of Redis's time.
const STEP: usize = 100;

/// How many entries one page looks at: a few milliseconds of Redis's time. With a filter that few deliveries pass, a page
/// may be short and still have a next one.
const MOST_LOOKED_AT: usize = 400;
