//! Texts that have a fixed set of values or a form, which the document tells. Parsing doesn't check them: [`fields`](super::super::fields)
//! does, and says what is wrong.

use std::borrow::Cow;

use domain::clock::Timestamp;
use poem_openapi::registry::{MetaSchema, MetaSchemaRef, Registry};
use poem_openapi::types::{ParseError, ParseFromJSON, ParseFromParameter, ParseResult, ToJSON, Type};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::log::ListStatus;

use super::text_type::text_type;

fn string() -> MetaSchema {
    MetaSchema::new("string")
}

/// What all named texts are to poem, which wants one type for each name.
struct Named;

text_type!(
    /// The name of an event type.
    EventName,
    named "EventName"
);

text_type!(
    /// The name of an event type or of an account event, or `*`.
    SubscriptionName,
    named "EventName"
);

text_type!(
    /// The name of whatever is delivered: an event type or an account event.
    DeliveredEvent,
    named "EventName"
);

text_type!(
    /// Why an attempt failed, or a delivery was given up.
    ErrorName,
    named "FailureCode"
);

text_type!(
    /// The code of something that the signature doctor found.
    FindingName,
    named "FindingCode"
);

text_type!(
    /// A state of deliveries that can be listed.
    ListedStatus,
    "listed_status",
    MetaSchema {
        enum_items: ListStatus::ALL
            .iter()
            .map(|status| status.state().as_str().into())
            .collect(),
        ..string()
    }
);

text_type!(
    /// The largest number of items on a page.
    PageLimit,
    "page_limit",
    MetaSchema {
        minimum: Some(1.0),
        maximum: Some(100.0),
        default: Some(50.into()),
        ..MetaSchema::new("integer")
    }
);

text_type!(
    /// A cursor.
    CursorText,
    "cursor",
    MetaSchema {
        max_length: Some(crate::cursor::MAX_CURSOR),
        ..string()
    }
);

text_type!(
    /// A date and time.
    DateTime,
    "date_time",
    MetaSchema {
        format: Some("date-time"),
        // From 1970 to 9999.
        pattern: Some("^(19[7-9]|[2-9][0-9]{2})[0-9]-".to_owned()),
        ..string()
    }
);

text_type!(
    /// A URL as a customer wrote it.
    UrlText,
    "url",
    MetaSchema {
        format: Some("uri"),
        max_length: Some(domain::endpoint::MAX_URL),
        ..string()
    }
);

text_type!(
    /// A chatbot's id.
    ChatbotId,
    "chatbot_id",
    MetaSchema {
        min_length: Some(1),
        max_length: Some(domain::event::MAX_CHATBOT_ID),
        pattern: Some(r"^[^\u0000-\u001f\u007f-\u009f]*$".to_owned()),
        ..string()
    }
);

text_type!(
    /// What the key of an account is called.
    KeyName,
    "key_name",
    MetaSchema {
        min_length: Some(1),
        max_length: Some(domain::api_key::MAX_NAME),
        pattern: Some(r"^[^\u0000-\u001f\u007f-\u009f]*$".to_owned()),
        ..string()
    }
);

text_type!(
    /// Why an operator, or the backend, holds something up.
    HoldReason,
    "hold_reason",
    MetaSchema {
        min_length: Some(1),
        max_length: Some(store::endpoints::MAX_REASON),
        pattern: Some(r"^[^\u0000-\u001f\u007f-\u009f]*$".to_owned()),
        ..string()
    }
);

text_type!(
    /// A description in the owner's words.
    Description,
    "description",
    MetaSchema {
        max_length: Some(domain::endpoint::MAX_DESCRIPTION),
        // Line feeds are allowed.
        pattern: Some(r"^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f]*$".to_owned()),
        ..string()
    }
);

text_type!(
    /// An account: in its prefixed form, or as the issuer's id alone.
    AccountName,
    "account_id",
    MetaSchema {
        pattern: Some("^((org|user):[A-Za-z0-9_.-]{1,100}|org_[A-Za-z0-9_.-]{1,96}|user_[A-Za-z0-9_.-]{1,95})$".to_owned()),
        ..string()
    }
);

text_type!(
    /// An idempotency key.
    IdempotencyKey,
    "idempotency_key",
    MetaSchema {
        pattern: Some("^[!-~]{1,255}$".to_owned()),
        ..string()
    }
);

impl From<Timestamp> for DateTime {
    fn from(at: Timestamp) -> Self {
        Self(at.to_string())
    }
}
