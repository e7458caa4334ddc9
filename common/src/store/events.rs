//! Accepting events: the event with one delivery for each matching endpoint, in one step, or nothing.

use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;
use sha2::{Digest, Sha256};

use crate::event::{EventType, Payload};
use crate::id::{AccountId, EventId};

use super::decode::{array, integer, next, parsed, text, unexpected};
use super::rates::{EventLimits, Quota, Subject, quotas};
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
    /// As many events as may be were accepted in this minute. Nothing was changed.
    RateLimited,
}

/// What came of one event, and what is left of the limits that it was counted towards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedOutcome {
    /// What came of it.
    pub outcome: AcceptOutcome,
    /// One for each limit that is set; none when it wasn't looked at.
    pub quotas: Vec<Quota>,
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
    /// An event whose call failed may have been accepted all the same: the same event (the same id) can be sent again.
    pub async fn accept(
        &self,
        events: &[NewEvent],
        budgets: Budgets,
    ) -> Vec<Result<AcceptOutcome, StoreError>> {
        let counted = self.accept_limited(events, budgets, &EventLimits::NONE).await;
        counted
            .into_iter()
            .map(|counted| counted.map(|counted| counted.outcome))
            .collect()
    }

    /// The same within limits. What is accepted is counted in the same step; what was accepted before is not counted again.
    pub async fn accept_limited(
        &self,
        events: &[NewEvent],
        budgets: Budgets,
        limits: &EventLimits,
    ) -> Vec<Result<CountedOutcome, StoreError>> {
        // They share one connection, which sends them as one pipeline.
        join_all(events.iter().map(|event| self.accept_one(event, budgets, limits))).await
    }

    async fn accept_one(
        &self,
        new: &NewEvent,
        budgets: Budgets,
        limits: &EventLimits,
    ) -> Result<CountedOutcome, StoreError> {
        let numbers = [
            u64::try_from(IDEMPOTENCY_WINDOW.as_millis()).unwrap_or(u64::MAX),
            budgets.account_bytes,
            budgets.parked_bytes,
        ]
        .map(|number| number.to_string());
        let key = new
            .idempotency
            .as_ref()
            .map(|given| hex::encode(Sha256::digest(&given.key)))
            .unwrap_or_default();
        let fingerprint = new
            .idempotency
            .as_ref()
            .map(|given| given.fingerprint.as_str())
            .unwrap_or_default();
        let arguments: [&[u8]; 10] = [
            new.account.as_str().as_bytes(),
            new.id.as_str().as_bytes(),
            new.event.as_str().as_bytes(),
            new.chatbot_id.as_bytes(),
            new.payload.as_bytes(),
            key.as_bytes(),
            fingerprint.as_bytes(),
            numbers[0].as_bytes(),
            numbers[1].as_bytes(),
            numbers[2].as_bytes(),
        ];
        let counters = limits.counters(&new.account);
        let answer = if counters.is_empty() {
            self.run(&self.scripts().accept, &arguments).await?
        } else {
            let counters = counters.iter().flat_map(|(_, counter)| counter);
            let with_counters: Vec<&[u8]> = arguments
                .into_iter()
                .chain(counters.map(String::as_bytes))
                .collect();
            self.run(&self.scripts().accept, &with_counters).await?
        };
        read(answer, counters.into_iter().map(|(subject, _)| subject))
    }
}

fn read(answer: Value, subjects: impl Iterator<Item = Subject>) -> Result<CountedOutcome, StoreError> {
    let mut answer = array(answer)?.into_iter();
    let outcome = match text(next(&mut answer)?)?.as_str() {
        "accepted" => AcceptOutcome::Accepted(Accepted {
            id: parsed(next(&mut answer)?)?,
            deliveries: u32::try_from(integer(next(&mut answer)?)?).map_err(|_| unexpected("deliveries"))?,
            duplicate: integer(next(&mut answer)?)? == 1,
        }),
        "conflict" => AcceptOutcome::IdempotencyConflict,
        "over_budget" => AcceptOutcome::OverBudget,
        "rate_limited" => AcceptOutcome::RateLimited,
        other => return Err(unexpected(other)),
    };
    Ok(CountedOutcome {
        outcome,
        quotas: quotas(answer, subjects)?,
    })
}
