//! What `accept.lua` is given, and what it answers.

use std::time::Duration;

use domain::event::{EventType, Payload};
use domain::id::{AccountId, EventId};
use redis::Cmd;
use sha2::{Digest, Sha256};

use super::intake::Terms;
use super::{AcceptOutcome, AcceptResult, Accepted, Counted, IDEMPOTENCY_WINDOW, Idempotency, NewEvent};
use crate::decode::unexpected;
use crate::rates::{EventLimits, Quota, Subject};
use crate::scripts::{Legible, Record, Rest, Shape, answered_in_words, record, script};

script! {
    /// Accepts events: each with one delivery for each endpoint that matches, or nothing of it.
    "accept": DenyOom, Writes, needs [QUOTA, ROUTES];
    struct Accept<'a> {
        /// How long an idempotency key is remembered.
        key_lifetime: Duration,
        /// Bytes of payloads that an account may have unfinished.
        account_budget: u64,
        /// Bytes of payloads that an endpoint may have parked.
        parked_budget: u64;
        each limit: Vec<LimitRecord<'a>>;
        each event: &'a [NewEvent]
    } -> Vec<Legible<EventAnswer>>
}

record! {
    /// How many events may be accepted in a minute.
    struct LimitRecord<'a> {
        most: u32,
    }
    /// Whose events are counted.
    enum LimitKind<'a> {
        "K" ServiceKey { key: &'a str },
        "A" Account {},
    }
}

record! {
    /// An event to accept.
    struct EventRecord<'a> {
        account: &'a AccountId,
        id: &'a EventId,
        event_type: EventType,
        chatbot: &'a str,
        body: &'a Payload,
        key_hash: Option<String>,
        fingerprint: Option<&'a str>,
    }
}

/// What came of one event.
pub(crate) enum EventAnswer {
    Accepted(EventId, u32, bool, Rest<(u32, Duration)>),
    IdempotencyConflict,
    OverBudget,
    RateLimited(Rest<(u32, Duration)>),
    /// The routes of its account can't be read.
    Unreadable,
}

answered_in_words!(EventAnswer {
    "accepted" => Accepted(id, deliveries, duplicate, quotas),
    "conflict" => IdempotencyConflict,
    "over_budget" => OverBudget,
    "rate_limited" => RateLimited(quotas),
    "unreadable" => Unreadable,
});

impl<'a> Accept<'a> {
    pub(super) fn new(terms: &'a Terms, events: &'a [NewEvent]) -> Self {
        let limits = terms.limits.set().map(|(subject, most)| LimitRecord {
            most,
            kind: match subject {
                Subject::ServiceKey => LimitKind::ServiceKey {
                    key: &terms.limits.key,
                },
                Subject::Account | Subject::Dashboard => LimitKind::Account {},
            },
        });
        Self {
            key_lifetime: IDEMPOTENCY_WINDOW,
            account_budget: terms.budgets.account_bytes,
            parked_budget: terms.budgets.parked_bytes,
            limit: limits.collect(),
            event: events,
        }
    }
}

impl Record for NewEvent {
    const SHAPE: Shape = EventRecord::SHAPE;

    fn write(&self, command: &mut Cmd) {
        let record = EventRecord {
            account: &self.account,
            id: &self.id,
            event_type: self.event,
            chatbot: &self.chatbot_id,
            body: &self.payload,
            key_hash: self.idempotency.as_ref().map(Idempotency::key_hash),
            fingerprint: self.idempotency.as_ref().map(|given| given.fingerprint.as_str()),
        };
        record.write(command);
    }
}

impl Idempotency {
    fn key_hash(&self) -> String {
        hex::encode(Sha256::digest(&self.key))
    }
}

impl Legible<EventAnswer> {
    /// The result of one event that was accepted or refused within these limits.
    pub(super) fn result(self, limits: &EventLimits) -> AcceptResult {
        let (outcome, left) = match self.0.ok_or_else(|| unexpected("outcome of an event"))? {
            EventAnswer::Accepted(id, deliveries, duplicate, quotas) => {
                let accepted = Accepted {
                    id,
                    deliveries,
                    duplicate,
                };
                (AcceptOutcome::Accepted(accepted), quotas.0)
            }
            EventAnswer::IdempotencyConflict => (AcceptOutcome::IdempotencyConflict, Vec::new()),
            EventAnswer::OverBudget => (AcceptOutcome::OverBudget, Vec::new()),
            EventAnswer::RateLimited(quotas) => (AcceptOutcome::RateLimited, quotas.0),
            EventAnswer::Unreadable => return Err(unexpected("account")),
        };
        let quotas = limits
            .set()
            .zip(left)
            .map(|((subject, _), (left, ends_in))| Quota {
                subject,
                left,
                ends_in,
            });
        Ok(Counted {
            outcome,
            quotas: quotas.collect(),
        })
    }
}

#[cfg(test)]
mod tests;
