//! Accepting events: each with one delivery for each matching endpoint, in one step, or nothing.
//!
//! A call of the script takes several events, because what they have in common (the call itself, their account, their
//! endpoints' lines) is then paid for once. Each is still accepted or refused by itself.

use std::time::Duration;

use futures_util::future::join_all;
use redis::Value;
use sha2::{Digest, Sha256};

use domain::event::{EventType, Payload};
use domain::id::{AccountId, EventId};

use super::decode::{array, integer, next, parsed, text, unexpected};
use super::rates::{EventLimits, Quota, quotas};
use super::{Store, StoreError};

/// How long an idempotency key is remembered.
pub const IDEMPOTENCY_WINDOW: Duration = Duration::from_secs(24 * 60 * 60);

/// The most events in one call of the script.
pub(crate) const MOST_EVENTS: usize = 64;

/// The most bytes of payloads in one call of the script, if it has more than one event.
pub(crate) const MOST_BYTES: usize = 256 * 1024;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// Bytes of unfinished payloads an account may have (`ACCOUNT_BUDGET_BYTES`).
    pub account_bytes: u64,
    /// Bytes of parked payloads an endpoint may have; what is over exhausts its oldest.
    pub parked_bytes: u64,
}

impl Store {
    /// Accepts events, each on its own, in a few calls that go out together; results in order.
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
        let calls = join_all(calls(events).map(|events| self.accept_together(events, budgets, limits)));
        calls.await.into_iter().flatten().collect()
    }

    /// Accepts the events of one call, repeated for those that the script left over.
    pub(crate) async fn accept_together(
        &self,
        events: &[NewEvent],
        budgets: Budgets,
        limits: &EventLimits,
    ) -> Vec<Result<CountedOutcome, StoreError>> {
        let mut outcomes = Vec::with_capacity(events.len());
        while outcomes.len() < events.len() {
            let rest = &events[outcomes.len()..];
            match self.accept_some(rest, budgets, limits).await {
                Ok(some) => outcomes.extend(some),
                Err(error) => outcomes.extend(rest.iter().map(|_| Err(error.clone()))),
            }
        }
        outcomes
    }

    /// One call: the outcomes of the first of these events, of one at least.
    async fn accept_some(
        &self,
        events: &[NewEvent],
        budgets: Budgets,
        limits: &EventLimits,
    ) -> Result<Vec<Result<CountedOutcome, StoreError>>, StoreError> {
        let window = IDEMPOTENCY_WINDOW.as_millis().to_string();
        let budgets = [budgets.account_bytes, budgets.parked_bytes].map(|bytes| bytes.to_string());
        let keys: Vec<_> = events.iter().map(key_hash).collect();
        let counters = limits.counters();
        let mut arguments: Vec<&[u8]> = Vec::with_capacity(4 + 7 * events.len());
        arguments.extend([
            window.as_bytes(),
            budgets[0].as_bytes(),
            budgets[1].as_bytes(),
            counters.as_bytes(),
        ]);
        for (event, key) in events.iter().zip(&keys) {
            let fingerprint = event.idempotency.as_ref().map(|given| given.fingerprint.as_str());
            arguments.extend([
                event.account.as_str().as_bytes(),
                event.id.as_str().as_bytes(),
                event.event.as_str().as_bytes(),
                event.chatbot_id.as_bytes(),
                event.payload.as_bytes(),
                key.as_bytes(),
                fingerprint.unwrap_or_default().as_bytes(),
            ]);
        }
        let answers = array(self.run(&self.scripts().accept, &arguments).await?)?;
        if answers.is_empty() || answers.len() > events.len() {
            return Err(unexpected("number of outcomes"));
        }
        Ok(answers
            .into_iter()
            .map(|answer| outcome(answer, limits))
            .collect())
    }
}

/// Cuts a list of events into calls.
fn calls(mut events: &[NewEvent]) -> impl Iterator<Item = &[NewEvent]> {
    std::iter::from_fn(move || {
        let (call, rest) = events.split_at(call_length(events));
        events = rest;
        (!call.is_empty()).then_some(call)
    })
}

/// How many of these events go into one call.
pub(crate) fn call_length<'a>(events: impl IntoIterator<Item = &'a NewEvent>) -> usize {
    let mut bytes = 0;
    events
        .into_iter()
        .take(MOST_EVENTS)
        .take_while(|event| {
            let is_first = bytes == 0;
            bytes += event.payload.as_bytes().len();
            is_first || bytes <= MOST_BYTES
        })
        .count()
}

fn key_hash(event: &NewEvent) -> String {
    event
        .idempotency
        .as_ref()
        .map(|given| hex::encode(Sha256::digest(&given.key)))
        .unwrap_or_default()
}

fn outcome(value: Value, limits: &EventLimits) -> Result<CountedOutcome, StoreError> {
    let mut answer = array(value)?.into_iter();
    let outcome = match text(next(&mut answer)?)?.as_str() {
        "accepted" => AcceptOutcome::Accepted(Accepted {
            id: parsed(next(&mut answer)?)?,
            deliveries: u32::try_from(integer(next(&mut answer)?)?).map_err(|_| unexpected("deliveries"))?,
            duplicate: integer(next(&mut answer)?)? == 1,
        }),
        "conflict" => AcceptOutcome::IdempotencyConflict,
        "over_budget" => AcceptOutcome::OverBudget,
        "rate_limited" => AcceptOutcome::RateLimited,
        "unreadable" => return Err(unexpected("account")),
        other => return Err(unexpected(other)),
    };
    Ok(CountedOutcome {
        outcome,
        quotas: quotas(answer, limits.subjects())?,
    })
}
