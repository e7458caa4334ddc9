//! Accepting events: each with one delivery for each matching endpoint, in one step, or nothing of it.
//!
//! [`Store::accept`](crate::Store::accept) is the only way in. One call of the script takes several events, so that it pays
//! only once for what they have in common: the call itself, their account, the pending lists of their endpoints. It still
//! accepts or refuses each event by itself.
//!
//! - `intake`: which events share a call, and who gets which result. Plain data.
//! - `accept`: who calls the script, and when.
//! - `lanes`, `confirm`: waiting until replicas have what was accepted, if that is asked for.
//! - `filters`: what the filters of accounts say of events, as far as they are known.
//! - `room`: how long a call goes on making room for its events.
//! - `lookup`: finding an event by its idempotency key.
//! - `script`: what the script is given, and what it answers.

mod accept;

mod lanes;

mod confirm;

mod filters;

mod intake;

mod room;

mod lookup;

mod script;

use std::time::Duration;

use domain::event::{EventType, Payload};
use domain::id::{AccountId, EventId};
use domain::trace::CarriedTrace;

use super::StoreError;
use super::rates::{EventLimits, Quota};

pub(crate) use accept::SharedIntake;
pub(crate) use script::{Accept, Choose, Displace};

/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// Events to accept, and what limits them.
#[derive(Debug, Clone)]
pub struct Push {
    /// The events. Their results come in the same order.
    pub events: Vec<NewEvent>,
    /// How much their accounts may have waiting.
    pub budgets: Budgets,
    /// How many of them may come in a minute.
    pub limits: EventLimits,
}

/// An event to accept. Its id is made before the push, so that the push can be repeated.
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
    /// The trace that its push is part of, if it is one.
    pub trace: Option<CarriedTrace>,
}

/// An idempotency key, scoped by account.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Idempotency {
    /// The key, without quotes.
    pub key: String,
    /// Whether the caller sent it in quotes: the previous release takes that for another key.
    pub is_quoted: bool,
    /// What the previous release compares: a text that is the same for the same request only.
    pub fingerprint: String,
    /// What is compared: twelve characters, four for the whole request, and two each for its event type, chatbot, time and data.
    /// Only for events.
    pub parts: String,
}

/// How much an account may have waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// Bytes of unfinished payloads an account may have (`ACCOUNT_BUDGET_BYTES`). Beyond them an event is refused, unless the
    /// endpoint that holds over half of them makes room for it by giving up its oldest deliveries.
    pub account_bytes: u64,
    /// Bytes of payloads that an endpoint may have parked (`PARKED_BUDGET_BYTES`); upkeep exhausts the oldest beyond them.
    pub parked_bytes: u64,
}

/// What came of one event, and what is left of the limits that it was counted towards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// What came of it.
    pub outcome: AcceptOutcome,
    /// One for each limit that is set. None if the event was accepted before, or refused for another reason than its rate.
    pub quotas: Vec<Quota>,
}

/// What came of one event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcceptOutcome {
    /// It is in Redis.
    Accepted(Accepted),
    /// Its idempotency key was used with another request, which differs in these parts, as far as that is known. Nothing was changed.
    IdempotencyConflict(Vec<String>),
    /// With it, the account's unfinished payloads would take more space than they may, and no endpoint that holds over half of them
    /// could make room for it.
    OverBudget,
    /// Its account is being erased.
    BeingErased,
    /// A limit was used up in this minute. Nothing was changed.
    RateLimited,
    /// It is in Redis, but in time fewer replicas had it than must have it. It stays.
    NotReplicated,
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
    /// `false` if the account has no endpoint at all. Known only of what was accepted now.
    pub has_endpoints: bool,
}

/// What came of one event, or why nobody knows: then it may have been accepted all the same.
type AcceptResult = Result<Counted, StoreError>;
