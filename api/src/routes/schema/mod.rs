//! Types of fields that the OpenAPI document describes more precisely than the types of Rust do: texts that have a set of values
//! or a form, the signing secret, and JSON whose bytes are kept.

mod text_type;

mod text;

mod filters;

mod number;

mod secret;

mod raw;

mod scalar;

pub(crate) use filters::{AccountStatus, BoolText, EndpointLimit, IdText, SearchText, StateName};
pub(crate) use number::RatePerSecond;
pub(crate) use raw::RawObject;
pub(crate) use scalar::Scalar;
pub(crate) use secret::SecretText;
pub(crate) use text::{
    AccountName, ChatbotId, CursorText, DateTime, DeliveredEvent, Description, ErrorName, EventName,
    FindingName, HoldReason, IdempotencyKey, KeyName, ListedStatus, PageLimit, SubscriptionName, UrlText,
};

use serde::{Deserialize, Deserializer};

/// Tells a field that is there, if only as `null`, from one that is absent.
pub(super) fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}
