//! Accepting events: the event with one delivery for each matching endpoint, in one step, or nothing.

use std::time::Duration;

use crate::event::{EventType, Payload};
use crate::id::{AccountId, EventId};

use super::{Store, StoreError};

/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// An event to accept. Its id is made before the call, so that the call can be repeated.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// A fresh id.
    pub id: EventId,
    /// Whose endpoints get it.
    pub account: AccountId,
    /// What happened.
    pub event: EventType,
    /// In which chatbot.
    pub chatbot_id: String,
    /// The bytes that receivers get.
    pub payload: Payload,
    /// The caller's idempotency key with a fingerprint of the request, if it gave one.
    pub idempotency: Option<Idempotency>,
}

/// An idempotency key, scoped by account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The key as the caller sent it.
    pub key: String,
    /// Any text that differs when the request differs, such as a hash of the parts that the caller sent.
    pub fingerprint: String,
}

/// An event that is in Redis, with all its deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The event's id: on a duplicate, the first one's.
    pub id: EventId,
    /// How many deliveries were made.
    pub deliveries: u32,
    /// Whether this repeats an earlier call with the same idempotency key.
    pub duplicate: bool,
}

/// What came of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptOutcome {
    /// It is in Redis.
    Accepted(Accepted),
    /// Its idempotency key was used with another request. Nothing was changed.
    IdempotencyConflict,
    /// The account's unfinished payloads take all the space that it may have. Nothing was changed.
    OverBudget,
}

/// How much an account may have waiting.
#[derive(Debug, Clone, Copy)]
pub struct Budgets {
    /// Bytes of unfinished payloads an account may have (`ACCOUNT_BUDGET_BYTES`).
    pub account_bytes: u64,
    /// Bytes of parked payloads an endpoint may have; what is over exhausts its oldest.
    pub parked_bytes: u64,
}

impl Store {
    /// Accepts events, each on its own: one script call each, all in one round trip, results in order.
    ///
    /// # Errors
    ///
    /// The outer error when Redis could not be asked at all; the inner one when it failed for that event alone.
    pub async fn accept(
        &self,
        events: &[NewEvent],
        budgets: Budgets,
    ) -> Result<Vec<Result<AcceptOutcome, StoreError>>, StoreError> {
        todo!()
    }
}
