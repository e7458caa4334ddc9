//! The log: what became of an endpoint's deliveries, as its owner reads it.
//!
//! The log itself is a stream of attempts (`log:<e>`). The scripts that move the deliveries write it. A *listing* shows each
//! delivery once, at its newest entry.
//!
//! - `listing`: a page of deliveries, and how pages fit together while the log grows; `logged` reads it from the log
//!   and `older` from what was packed of it, `queued` from the queue.
//! - `detail`: one delivery with its payload and its attempts; `search` finds those that only the log knows.
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

mod range;

mod blocks;

mod search;

mod detail;

mod since;

mod tail;

pub use detail::{DeliveryDetail, Payload};
pub use entry::{LogContent, LogEntry, LoggedAttempt};
pub use entry_id::EntryId;
pub use listing::{ListFilter, ListPage, ListStatus, Listing};
pub use packed::unpack;
pub use phases::Phases;
pub use position::{InvalidListPosition, ListPosition, Source};
pub use since::Past;
pub use summary::DeliverySummary;
pub use tail::{LogTail, MOST_READ};

pub(crate) use blocks::Within;
pub(crate) use detail::DeliveryGet;
pub(crate) use entry::{RawEntry, entries};
pub(crate) use logged::LogPage;
pub(crate) use older::LogRecords;
pub(crate) use queued::LogWaiting;

use summary::{EndpointStanding, Record};
