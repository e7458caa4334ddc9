//! What `accept.lua` is given, and what it answers.

use std::collections::HashMap;
use std::time::Duration;

use domain::event::{EventType, Payload};
use domain::id::{AccountId, EventId};
use redis::Cmd;
use sha2::{Digest, Sha256};

use super::intake::Terms;
use super::{AcceptOutcome, AcceptResult, Accepted, Counted, IDEMPOTENCY_WINDOW, Idempotency, NewEvent};
use crate::StoreError;
use crate::decode::unexpected;
use crate::rates::{EventLimits, Quota, Subject};
use crate::scripts::{Argument, Legible, Record, Rest, Shape, answered_in_words, record, script};

script! {
    /// Accepts events: each with one delivery for each endpoint that matches, or nothing of it.
    "accept" = ["accept/counts", "accept/budget", "accept/filters", "accept/requests", "accept/remembered_keys", "accept/lanes", "accept/unmatched", "accept"]: DenyOom, Writes, needs [QUOTA, ROUTES, ROUNDS];
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

script! {
    /// The same, for events of accounts that have filters: each says which endpoints don't want it.
    "choose" = ["accept/counts", "accept/budget", "accept/filters", "accept/verdicts", "accept/requests", "accept/remembered_keys", "accept/lanes", "accept/unmatched", "accept"]: DenyOom, Writes, needs [QUOTA, ROUTES, ROUNDS];
    struct Choose<'a> {
        key_lifetime: Duration,
        account_budget: u64,
        parked_budget: u64;
        each limit: Vec<LimitRecord<'a>>;
        each event: Vec<JudgedEvent<'a>>
    } -> Vec<Legible<EventAnswer>>
}

script! {
    /// The same, for events that [`Accept`] found no room for: an endpoint that holds over half of its account's bytes gives up its
    /// oldest deliveries for them. It needs far more Lua, so `accept` goes without.
    "displace" = ["accept/counts", "accept/budget", "accept/filters", "accept/verdicts", "accept/requests", "accept/remembered_keys", "accept/lanes", "accept/displace", "accept/unmatched", "accept"]: DenyOom, Writes, needs [QUOTA, ROUTES, PARKED];
    struct Displace<'a> {
        key_lifetime: Duration,
        account_budget: u64,
        parked_budget: u64,
        /// A fresh id for account events.
        spare: &'a EventId;
        each limit: Vec<LimitRecord<'a>>;
        each event: Vec<JudgedEvent<'a>>
    } -> Vec<Legible<EventAnswer>>
}

record! {
    /// How many events may be accepted in a minute: with a service key, or else for an account.
    struct LimitRecord<'a> {
        most: u32,
        key: Option<&'a str>,
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
        fingerprint: Option<String>,
    }
}

record! {
    /// An event to accept, and what its account's filters say of it.
    struct JudgedRecord<'a> {
        account: &'a AccountId,
        id: &'a EventId,
        event_type: EventType,
        chatbot: &'a str,
        body: &'a Payload,
        key_hash: Option<String>,
        fingerprint: Option<String>,
        verdict: &'a str,
    }
}

/// An event, and what its account's filters say of it (`choose` in accept/filters.lua).
pub(crate) struct JudgedEvent<'a> {
    pub(super) event: &'a NewEvent,
    pub(super) verdict: String,
}

/// What came of one event. Its quotas are two numbers each: how many are left, and for how many milliseconds.
pub(crate) enum EventAnswer {
    Accepted(EventId, u32, bool, Rest<u64>),
    /// Accepted, and its account has no endpoint.
    Nobody(EventId, Rest<u64>),
    IdempotencyConflict(Vec<String>),
    OverBudget,
    RateLimited(Rest<u64>),
    /// It has none yet: an endpoint of its account has to make room for it. No further event has one.
    NeedsRoom,
    /// It has none yet: the filters of its account have to be asked first, which are these. No further event has one.
    Filters(AccountId, String, HashMap<String, String>),
    /// The routes of its account can't be read.
    Unreadable,
    /// None, but the last word of a call that made room.
    MadeRoom,
}

answered_in_words!(EventAnswer {
    "accepted" => Accepted(id, deliveries, duplicate, quotas),
    "nobody" => Nobody(id, quotas),
    "conflict" => IdempotencyConflict(parts),
    "over_budget" => OverBudget,
    "rate_limited" => RateLimited(quotas),
    "needs_room" => NeedsRoom,
    "filters" => Filters(account, version, filters),
    "unreadable" => Unreadable,
    "made_room" => MadeRoom,
});

impl<'a> Accept<'a> {
    pub(super) fn new(terms: &'a Terms, events: &'a [NewEvent]) -> Self {
        Self {
            key_lifetime: IDEMPOTENCY_WINDOW,
            account_budget: terms.budgets.account_bytes,
            parked_budget: terms.budgets.parked_bytes,
            limit: limit_records(terms),
            event: events,
        }
    }
}

impl<'a> Choose<'a> {
    pub(super) fn new(terms: &'a Terms, events: Vec<JudgedEvent<'a>>) -> Self {
        Self {
            key_lifetime: IDEMPOTENCY_WINDOW,
            account_budget: terms.budgets.account_bytes,
            parked_budget: terms.budgets.parked_bytes,
            limit: limit_records(terms),
            event: events,
        }
    }
}

impl<'a> Displace<'a> {
    pub(super) fn new(terms: &'a Terms, events: Vec<JudgedEvent<'a>>, spare: &'a EventId) -> Self {
        Self {
            key_lifetime: IDEMPOTENCY_WINDOW,
            account_budget: terms.budgets.account_bytes,
            parked_budget: terms.budgets.parked_bytes,
            spare,
            limit: limit_records(terms),
            event: events,
        }
    }
}

fn limit_records(terms: &Terms) -> Vec<LimitRecord<'_>> {
    let limits = terms.limits.set().map(|(subject, most)| LimitRecord {
        most,
        key: (subject == Subject::ServiceKey).then_some(terms.limits.key.as_str()),
    });
    limits.collect()
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
            key_hash: self.idempotency.as_ref().map(Idempotency::spellings),
            fingerprint: self.idempotency.as_ref().map(Idempotency::compared),
        };
        record.write(command);
    }
}

impl Record for JudgedEvent<'_> {
    const SHAPE: Shape = JudgedRecord::SHAPE;

    fn write(&self, command: &mut Cmd) {
        self.event.write(command);
        Argument::write(&self.verdict, command);
    }
}

impl Idempotency {
    pub(crate) fn key_hash(&self) -> String {
        Self::hash_of(&self.key)
    }

    fn hash_of(key: &str) -> String {
        hex::encode(Sha256::digest(key))
    }

    /// What stands for a key in the names of keys: for the key without quotes, and with them.
    pub(super) fn hashes_of(key: &str) -> (String, String) {
        let escaped = key.replace('\\', "\\\\").replace('"', "\\\"");
        (Self::hash_of(key), Self::hash_of(&format!("\"{escaped}\"")))
    }

    /// The key in both spellings, as the script takes it (`spellings_of` in requests.lua).
    fn spellings(&self) -> String {
        let (plain, quoted) = Self::hashes_of(&self.key);
        let spelled = if self.is_quoted { "q" } else { "" };
        format!("{plain}{quoted}{spelled}")
    }

    /// What stands for the request, as the script takes it (`is_same` in requests.lua).
    fn compared(&self) -> String {
        format!("{:12.12}{}", self.parts, self.fingerprint)
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
                    has_endpoints: true,
                };
                (AcceptOutcome::Accepted(accepted), quotas.0)
            }
            EventAnswer::Nobody(id, quotas) => {
                let accepted = Accepted {
                    id,
                    deliveries: 0,
                    duplicate: false,
                    has_endpoints: false,
                };
                (AcceptOutcome::Accepted(accepted), quotas.0)
            }
            EventAnswer::IdempotencyConflict(parts) => {
                (AcceptOutcome::IdempotencyConflict(parts), Vec::new())
            }
            // Nobody looks for room any longer.
            EventAnswer::OverBudget | EventAnswer::NeedsRoom => (AcceptOutcome::OverBudget, Vec::new()),
            EventAnswer::RateLimited(quotas) => (AcceptOutcome::RateLimited, quotas.0),
            // Somebody changes the filters again and again.
            EventAnswer::Filters(..) => return Err(unexpected("filters that change all the time")),
            EventAnswer::Unreadable => return Err(unexpected("account")),
            EventAnswer::MadeRoom => return Err(unexpected("answer")),
        };
        let quotas = limits.set().zip(left.chunks(2));
        Ok(Counted {
            outcome,
            quotas: quotas
                .map(|((subject, _), numbers)| quota(subject, numbers))
                .collect::<Result<_, _>>()?,
        })
    }
}

fn quota(subject: Subject, numbers: &[u64]) -> Result<Quota, StoreError> {
    let [left, ends_in] = *numbers else {
        return Err(unexpected("a quota"));
    };
    Ok(Quota {
        subject,
        left: u32::try_from(left).map_err(|_| unexpected("a quota"))?,
        ends_in: Duration::from_millis(ends_in),
    })
}

#[cfg(test)]
mod tests;
