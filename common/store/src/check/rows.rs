//! What the check keeps of an endpoint, of an event, of a delivery's record and of a replay.

use domain::delivery::DeliveryState;

/// What the check needs of an endpoint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointRow {
    /// Its owner.
    pub account: String,
    /// `active`, `disabled` or `off`.
    pub state: String,
    /// Whether it says why it is switched off.
    pub has_reason: bool,
    /// Whether an operator pauses it.
    pub is_held: bool,
    /// Since when it isn't served (ms), or 0: `disabledAt`, or since an operator pauses it.
    pub disabled_at: i64,
    /// `inFlight`.
    pub in_flight: i64,
    /// `generation`.
    pub generation: i64,
    /// `limit`: how many attempts it may have in flight; 0 if nothing says it yet.
    pub limit: i64,
    /// `heldUntil` (ms); 0 if it was not held since its last success.
    pub held_until: i64,
    /// When its next turn by its rate begins, or its rest ends (ms, rounded up); 0 without either.
    pub paced_until: i64,
    /// `consecutiveFailures`.
    pub failures: i64,
    /// Whether it is slow.
    pub slow: bool,
    /// Whether it is probed while it is disabled.
    pub is_probed: bool,
    /// `queuedBytes`.
    pub queued_bytes: i64,
    /// What it subscribes to.
    pub events: String,
    /// The chatbots that it wants events of, or an empty text.
    pub chatbot_id: String,
    /// Its filters, or an empty text.
    pub filters: String,
    /// Whether it has headers of its own that are not written as they should be.
    pub has_odd_headers: bool,
    /// Whether it has a previous secret, and whether that has an end.
    pub previous_secret: (bool, bool),
}

/// What an event is charged besides its payload (`charge_of` in `base.lua`).
pub(super) const CHARGED_BESIDES: i64 = 256;

/// What the check needs of an event: 40 bytes, and 16 for its id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventRow {
    /// Its owner's number in `Snapshot::accounts`.
    pub account: u32,
    /// `refs`.
    pub refs: i32,
    /// `charge`.
    pub charge: i64,
    /// The length of its payload; if it was erased, what that was.
    pub bytes: i32,
    /// `acceptedAt` (ms), or 0.
    pub accepted_at: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// Whether one of its deliveries was exhausted.
    pub failed: bool,
    /// `again`: how often somebody sent it again after it had finished.
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
    /// `madeAt`: when somebody asked for this replay (ms), or 0.
    pub made_at: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
    /// The newest log entry that it points to: the state that the delivery came to, and the attempt. `None` when it points to
    /// none, or the log no longer has it.
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
    /// Whether it has ended and stands in its endpoint's list; replays of the previous release don't.
    pub is_listed: bool,
    /// How many of those ended: `succeeded`, `exhausted` and `canceled` together.
    pub ended: i64,
    /// Whether it has a lifetime.
    pub expires: bool,
}
