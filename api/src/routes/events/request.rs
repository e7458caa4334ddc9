//! The JSON of events as the backend sends them.

use std::borrow::Cow;
use std::fmt;

use poem_openapi::Object;
use poem_openapi::registry::{MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseResult, ToJSON, Type};
use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use serde_json::value::RawValue;

use super::super::schema::{AccountName, ChatbotId, DateTime, EventName, IdempotencyKey, RawObject, present};
use crate::allowance::Allowance;
use crate::json::JsonRequest;
use crate::problem::{Code, Problem};

/// The most events in one batch.
pub(crate) const MAX_BATCH: usize = 1000;

const MAX_BATCH_BYTES: usize = 5 * 1024 * 1024;

/// Something that happened in a chatbot.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct PushEvent {
    /// The account whose endpoints get the event: `org:<organisation id>` or `user:<user id>`. An id alone that says
    /// itself what it is of, as Clerk's do (`org_…`, `user_…`), means the same.
    pub(super) account_id: AccountName,
    /// The event type.
    pub(super) event: EventName,
    /// The id of the chatbot in which it happened.
    pub(super) chatbot_id: ChatbotId,
    /// What receivers get as `data`, byte for byte, except that white space between its tokens is removed.
    pub(super) data: RawObject,
    /// When it happened (RFC 3339); if absent or `null`, the time at which the event is accepted.
    #[oai(nullable)]
    pub(super) timestamp: Option<DateTime>,
}

/// One event of a batch.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct BatchEvent {
    /// The account whose endpoints get the event: `org:<organisation id>` or `user:<user id>`. An id alone that says
    /// itself what it is of, as Clerk's do (`org_…`, `user_…`), means the same.
    account_id: AccountName,
    /// The event type.
    event: EventName,
    /// The id of the chatbot in which it happened.
    chatbot_id: ChatbotId,
    /// What receivers get as `data`, byte for byte, except that white space between its tokens is removed.
    data: RawObject,
    /// When it happened (RFC 3339); if absent or `null`, the time at which the event is accepted.
    #[oai(nullable)]
    timestamp: Option<DateTime>,
    /// Makes it safe to push the event again: within 24 hours, the same key returns the first result.
    #[serde(default, deserialize_with = "present")]
    idempotency_key: Option<IdempotencyKey>,
}

impl BatchEvent {
    /// The event, and its key if it has one.
    pub(super) fn split(self) -> (PushEvent, Option<String>) {
        let event = PushEvent {
            account_id: self.account_id,
            event: self.event,
            chatbot_id: self.chatbot_id,
            data: self.data,
            timestamp: self.timestamp,
        };
        (event, self.idempotency_key.map(|key| key.0))
    }
}

/// Up to 1,000 events. A wrong one doesn't affect the others.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
pub(crate) struct PushBatch {
    /// The events.
    #[serde(deserialize_with = "bounded")]
    #[oai(validator(min_items = 1, max_items = 1000))]
    pub(super) events: Vec<RawItem>,
}

impl PushBatch {
    /// The events, if there is at least one and there aren't too many.
    pub(super) fn items(self) -> Result<Vec<RawItem>, Problem> {
        if self.events.is_empty() {
            return Err(Problem::new(Code::EmptyEvents).field("events").param("min", 1));
        }
        if self.events.len() > MAX_BATCH {
            return Err(Problem::new(Code::TooManyEvents)
                .detail(format!("Give at most {MAX_BATCH} events in one batch: split it."))
                .field("events")
                .param("max", MAX_BATCH));
        }
        Ok(self.events)
    }
}

/// One item of a batch, still unread: whatever is wrong with it doesn't affect the others.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct RawItem(pub(super) Box<RawValue>);

/// Keeps at most one item more than is allowed, so that a long list takes no memory.
fn bounded<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<RawItem>, D::Error> {
    struct Items;

    impl<'de> Visitor<'de> for Items {
        type Value = Vec<RawItem>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an array of events")
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut sequence: A) -> Result<Vec<RawItem>, A::Error> {
            let mut items = Vec::new();
            while items.len() <= MAX_BATCH {
                match sequence.next_element()? {
                    Some(item) => items.push(item),
                    None => return Ok(items),
                }
            }
            while sequence.next_element::<IgnoredAny>()?.is_some() {}
            Ok(items)
        }
    }

    deserializer.deserialize_seq(Items)
}

impl Type for RawItem {
    const IS_REQUIRED: bool = true;

    type RawValueType = Self;
    type RawElementValueType = Self;

    fn name() -> Cow<'static, str> {
        BatchEvent::name()
    }

    fn schema_ref() -> MetaSchemaRef {
        BatchEvent::schema_ref()
    }

    fn register(registry: &mut Registry) {
        BatchEvent::register(registry);
    }

    fn as_raw_value(&self) -> Option<&Self> {
        Some(self)
    }

    fn raw_element_iter<'a>(&'a self) -> Box<dyn Iterator<Item = &'a Self> + 'a> {
        Box::new(std::iter::once(self))
    }
}

impl ParseFromJSON for RawItem {
    fn parse_from_json(value: Option<Value>) -> ParseResult<Self> {
        RawObject::parse_from_json(value)
            .map(|raw| Self(raw.0))
            .map_err(ParseError::propagate)
    }
}

impl ToJSON for RawItem {
    fn to_json(&self) -> Option<Value> {
        serde_json::from_str(self.0.get()).ok()
    }
}

/// What an event must have.
pub(super) const REQUIRED: &[(&str, &str)] = &[
    ("accountId", "\"org:x\""),
    ("event", "\"lead.captured\""),
    ("chatbotId", "\"x\""),
    ("data", "{}"),
];

impl JsonRequest for BatchEvent {
    const REQUIRED: &'static [(&'static str, &'static str)] = REQUIRED;
}

impl JsonRequest for PushBatch {
    const REQUIRED: &'static [(&'static str, &'static str)] = &[("events", "[{}]")];

    fn max_bytes(_: &Allowance) -> usize {
        MAX_BATCH_BYTES
    }
}
