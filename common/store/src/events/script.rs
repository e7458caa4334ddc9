//! What `accept.lua` is given, and what it answers (`answer`).

mod answer;

pub(crate) use answer::EventAnswer;

use std::time::Duration;

use domain::event::{EventType, Payload};
use domain::id::{AccountId, EventId};
use domain::trace::CarriedTrace;
use redis::Cmd;
use sha2::{Digest, Sha256};

use super::intake::Terms;
use super::{IDEMPOTENCY_WINDOW, Idempotency, NewEvent};
use crate::rates::Subject;
use crate::scripts::{Argument, Legible, Record, Shape, record, script};

script! {
    /// Accepts events: each with one delivery for each endpoint that matches, or nothing of it.
    "accept" = ["accept/counts", "accept/budget", "accept/filters", "accept/quotas", "accept/requests", "accept/remembered_keys", "accept/lanes", "accept/handing", "accept/unmatched", "accept"]: DenyOom, Writes, needs [QUOTA, ROUTES, SHARES, CORE, TERMS, PLACED, OPERATOR_EVENTS];
    struct Accept<'a> {
        /// How long an idempotency key is remembered.
        key_lifetime: Duration,
        /// Bytes of payloads that an account may have unfinished.
        account_budget: u64,
        /// Bytes of payloads that an endpoint may have parked.
        parked_budget: u64,
        /// The number that accounts were cut by when this shard was chosen for all of the events.
        shards: u16,
        /// Whether a call that accepts nothing new writes something all the same (`lanes`).
        always_writes: bool;
        each limit: Vec<LimitRecord<'a>>;
        each event: &'a [NewEvent]
    } -> Vec<Legible<EventAnswer>>
}

script! {
    /// The same, for events of accounts that have filters: each says which endpoints don't want it.
    "choose" = ["accept/counts", "accept/budget", "accept/filters", "accept/verdicts", "accept/quotas", "accept/requests", "accept/remembered_keys", "accept/lanes", "accept/handing", "accept/unmatched", "accept"]: DenyOom, Writes, needs [QUOTA, ROUTES, SHARES, CORE, TERMS, PLACED, OPERATOR_EVENTS];
    struct Choose<'a> {
        key_lifetime: Duration,
        account_budget: u64,
        parked_budget: u64,
        shards: u16,
        always_writes: bool;
        each limit: Vec<LimitRecord<'a>>;
        each event: Vec<JudgedEvent<'a>>
    } -> Vec<Legible<EventAnswer>>
}

script! {
    /// The same, for events that [`Accept`] found no room for: an endpoint that holds over half of its account's bytes gives up its
    /// oldest deliveries for them. It needs far more Lua, so `accept` goes without.
    "displace" = ["accept/counts", "accept/budget", "accept/filters", "accept/verdicts", "accept/quotas", "accept/requests", "accept/remembered_keys", "accept/lanes", "accept/handing", "accept/displace", "accept/unmatched", "accept"]: DenyOom, Writes, needs [QUOTA, ROUTES, SHARES, PARKED, TERMS, PLACED];
    struct Displace<'a> {
        key_lifetime: Duration,
        account_budget: u64,
        parked_budget: u64,
        shards: u16,
        /// A fresh id for account events.
        spare: &'a EventId,
        always_writes: bool;
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
        trace: Option<&'a CarriedTrace>,
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
        trace: Option<&'a CarriedTrace>,
        verdict: &'a str,
    }
}

/// An event, and what its account's filters say of it (`choose` in accept/filters.lua).
pub(crate) struct JudgedEvent<'a> {
    pub(super) event: &'a NewEvent,
    pub(super) verdict: String,
}

impl<'a> Accept<'a> {
    pub(super) fn new(terms: &'a Terms, shards: u16, always_writes: bool, events: &'a [NewEvent]) -> Self {
        Self {
            key_lifetime: IDEMPOTENCY_WINDOW,
            account_budget: terms.budgets.account_bytes,
            parked_budget: terms.budgets.parked_bytes,
            shards,
            always_writes,
            limit: limit_records(terms),
            event: events,
        }
    }
}

impl<'a> Choose<'a> {
    pub(super) fn new(
        terms: &'a Terms,
        shards: u16,
        always_writes: bool,
        events: Vec<JudgedEvent<'a>>,
    ) -> Self {
        Self {
            key_lifetime: IDEMPOTENCY_WINDOW,
            account_budget: terms.budgets.account_bytes,
            parked_budget: terms.budgets.parked_bytes,
            shards,
            always_writes,
            limit: limit_records(terms),
            event: events,
        }
    }
}

impl<'a> Displace<'a> {
    pub(super) fn new(
        terms: &'a Terms,
        shards: u16,
        always_writes: bool,
        events: Vec<JudgedEvent<'a>>,
        spare: &'a EventId,
    ) -> Self {
        Self {
            key_lifetime: IDEMPOTENCY_WINDOW,
            account_budget: terms.budgets.account_bytes,
            parked_budget: terms.budgets.parked_bytes,
            shards,
            always_writes,
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
            trace: self.trace.as_ref(),
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

#[cfg(test)]
mod tests;
