//! What the check keeps of an endpoint, an event, a record and a replay.

use domain::delivery::DeliveryState;

/// What the check needs of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointRow {
    /// Its owner.
    pub account: String,
    /// `active`, `disabled` or `off`.
    pub state: String,
    /// Whether it says why it is not active.
    pub has_reason: bool,
    /// `disabledAt`: since when it isn't active (ms), or 0.
    pub disabled_at: i64,
    /// `inFlight`.
    pub in_flight: i64,
    /// `generation`.
    pub generation: i64,
    /// Whether it is probed with one attempt at a time.
    pub probing: bool,
    /// Whether it is slow.
    pub slow: bool,
    /// `queuedBytes`.
    pub queued_bytes: i64,
    /// The types that it wants.
    pub events: String,
    /// The chatbot that it wants events of, or nothing.
    pub chatbot_id: String,
    /// Whether it has a previous secret, and whether that has an end.
    pub previous_secret: (bool, bool),
}

/// What the check needs of an event: 40 bytes, and 16 for its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventRow {
    /// Its owner's number in `Snapshot::accounts`.
    pub account: u32,
    /// `refs`.
    pub refs: i32,
    /// `charge`.
    pub charge: i64,
    /// The length of its payload.
    pub bytes: i32,
    /// `acceptedAt` (ms), or 0.
    pub accepted_at: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// Whether one of its deliveries was exhausted.
    pub failed: bool,
    /// `again`: how often it was sent again after it had finished.
    pub again: i32,
}

/// What the check needs of a delivery's record: 40 bytes, and 32 for its id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordRow {
    /// `state`.
    pub state: DeliveryState,
    /// `attempts`.
    pub attempts: i32,
    /// `exhaustedAt` (ms), or 0.
    pub exhausted_at: i64,
    /// When a replay was asked for (ms), or 0.
    pub made_at: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// The newest log entry that it points to: outcome and attempt. `None` when it points to none, or when the log has
    /// been cut since.
    pub logged: Option<(DeliveryState, i32)>,
}

/// What the check needs of a replay of many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReplayRow {
    /// The endpoint whose deliveries it sends again.
    pub endpoint: String,
    /// `running`, `finished` or `canceled`.
    pub state: String,
    /// `made`.
    pub made: i64,
    /// Whether it has ended and stands in its endpoint's list; those of the release before don't.
    pub is_listed: bool,
    /// What became of those: `succeeded`, `exhausted` and `canceled` together.
    pub ended: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
}
