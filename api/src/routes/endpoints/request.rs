//! The bodies with which endpoints are created and changed.

use poem_openapi::{Enum, Object};
use serde::Deserialize;

use super::super::schema::{ChatbotId, Description, SubscriptionName, UrlText, present};
use crate::json::JsonRequest;

/// What is needed to make an endpoint.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateEndpoint {
    /// Where events are sent: an absolute `https` URL, port 443 or from 1024, without user name, password and fragment.
    pub(super) url: UrlText,
    /// What is sent: event types, or `*` for all of them; account events too. At least one, each once.
    #[oai(validator(min_items = 1, max_items = 14, unique_items))]
    pub(super) events: Vec<SubscriptionName>,
    /// Only events of this chatbot are sent; without it, of all.
    #[oai(nullable)]
    pub(super) chatbot_id: Option<ChatbotId>,
    /// Your own words.
    #[oai(nullable)]
    pub(super) description: Option<Description>,
}

/// A change to an endpoint. `id` alone switches it on or off; other fields are set as given.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ChangeEndpoint {
    /// Which endpoint.
    pub(super) id: String,
    /// Whether events are sent. Switching on zeroes the failure counter and releases what was parked.
    #[serde(default, deserialize_with = "present")]
    pub(super) active: Option<bool>,
    /// A new URL.
    #[serde(default, deserialize_with = "present")]
    pub(super) url: Option<UrlText>,
    /// A new subscription.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, max_items = 14, unique_items))]
    pub(super) events: Option<Vec<SubscriptionName>>,
    /// A new chatbot filter; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) chatbot_id: Option<Option<ChatbotId>>,
    /// A new description; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) description: Option<Option<Description>>,
    /// What becomes of parked deliveries when this switches the endpoint on, also of those that are still being sent since
    /// it was switched on before; `deliver` if absent.
    #[serde(default, deserialize_with = "present")]
    pub(super) parked: Option<Parked>,
}

/// What becomes of parked deliveries.
#[derive(Debug, Clone, Copy, Deserialize, Enum)]
#[serde(try_from = "String")]
#[oai(rename_all = "lowercase")]
pub(crate) enum Parked {
    /// They are sent.
    Deliver,
    /// They are canceled.
    Discard,
}

impl TryFrom<String> for Parked {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.as_str() {
            "deliver" => Ok(Self::Deliver),
            "discard" => Ok(Self::Discard),
            _ => Err("`deliver` or `discard`"),
        }
    }
}

impl JsonRequest for CreateEndpoint {}

impl JsonRequest for ChangeEndpoint {}
