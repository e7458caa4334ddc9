//! What a worker sends with a call, and what it gets: reports for new leases.

use std::time::Duration;

use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId, EventId};

use super::{LeaseToken, Leased, Receipt, Report};

/// The most reports in one call.
pub const MAX_REPORTS: usize = 64;

/// The most deliveries that one call hands out.
pub const MAX_FETCH: usize = 64;

/// A call of `work`: reports first, then what the worker has room for.
#[derive(Debug, Clone)]
pub struct WorkRequest {
    /// Higher with every new request of an incarnation; the same when a request is repeated.
    pub sequence: u64,
    /// Finished attempts; at most [`MAX_REPORTS`].
    pub reports: Vec<Report>,
    /// Endpoints on which this worker has an attempt open for more than a second.
    pub slow_endpoints: Vec<EndpointId>,
    /// How many deliveries the worker has room for; at most [`MAX_FETCH`] are handed out. 0 only reports.
    pub want: u32,
    /// How many of them may be of slow endpoints.
    pub want_slow: u32,
    /// How many slots are free, which may be more than one call fills: no endpoint gets more than half as many as are left.
    pub free: u32,
    /// How many slots are free for slow endpoints.
    pub free_slow: u32,
    /// How many bytes of payload the worker has room for; one delivery is handed out even if it is larger.
    pub want_bytes: u64,
    /// The most suspects (quarantined deliveries) that this worker may hold, those that it holds already included.
    pub suspects: u32,
    /// What it says of deliveries that it is handed while it waits.
    pub standby: Standby,
    /// A fresh id, from which the ids of account events are made that this call may give rise to.
    pub spare: EventId,
}

/// What a worker says of deliveries that it is handed while it waits for something to do ([`Woken::Handed`](super::Woken)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standby {
    /// It may be handed deliveries of one event from now on, if this call leases fewer than this and leaves nothing to do, and no more of them
    /// than are left of this then; 0: it may not.
    pub room: u32,
    /// The most of them.
    pub most: u32,
    /// The sequence of the call after which it was handed the last that have come; 0: none have.
    pub came: u64,
    /// Its wait was broken off, so that some may be lost on their way: those are taken back, unless they `came`.
    pub missed: bool,
}

/// What `work` answers.
#[derive(Debug, Clone, Default)]
pub struct WorkReply {
    /// Deliveries that are leased to this worker now.
    pub leased: Vec<Leased>,
    /// Those of them that are suspects: if the worker dies now, they take the blame.
    pub suspects: Vec<DeliveryId>,
    /// Leases whose endpoint or event can't be read: to be reported as [`super::Outcome::Crashed`], which quarantines
    /// them in the end.
    pub unreadable: Vec<(DeliveryId, LeaseToken)>,
    /// One for each report, in order.
    pub receipts: Vec<Receipt>,
    /// When there will be something to do, if nothing happens before: zero means now.
    pub next_due: Option<Duration>,
    /// There is more to fetch already.
    pub more: bool,
    /// Reports are awaited: deliveries of an endpoint that neither fails nor is slow can't be served before an attempt of its ends.
    pub awaited: bool,
    /// It may be handed deliveries from now on ([`Woken::Handed`](super::Woken)), until its next call.
    pub stands_by: bool,
    /// What Redis's own clock showed as the script ran. Unlike the time by which everything is stored, it goes where that is
    /// set.
    pub time: Timestamp,
}
