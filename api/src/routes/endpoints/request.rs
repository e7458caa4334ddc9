//! The bodies of requests that create or change an endpoint, and what they ask of the store.

use domain::endpoint::{EndpointPatch, EndpointUrl, ParkedAction, UrlPolicy};
use poem_openapi::{Enum, Object};
use serde::Deserialize;

use super::super::fields;
use super::super::schema::{
    ChatbotId, Description, RatePerSecond, SecretText, SubscriptionName, UrlText, present,
};
use crate::app::App;
use crate::json::JsonRequest;
use crate::problem::{Faults, Problem};

/// The endpoint to create.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct CreateEndpoint {
    /// Where events are sent: an absolute `https` URL with port 443 or a port from 1024 on, without user name, password or
    /// fragment.
    pub(super) url: UrlText,
    /// Which events are sent: event types (`*` stands for all of them) and account events. At least one, and each only once.
    #[oai(validator(min_items = 1, max_items = 15, unique_items))]
    pub(super) events: Vec<SubscriptionName>,
    /// Send only events of this chatbot; without it, events of all chatbots are sent.
    #[oai(nullable)]
    pub(super) chatbot_id: Option<ChatbotId>,
    /// A description for your own use.
    #[oai(nullable)]
    pub(super) description: Option<Description>,
    /// The most deliveries that are sent in a second, evenly spread; without it, as many as the receiver carries.
    #[oai(nullable)]
    pub(super) rate_limit: Option<RatePerSecond>,
    /// Whether the endpoint is tried again by itself after failures disabled it: with one parked delivery after a minute, then
    /// after growing waits up to an hour. A success switches it on. Without it, only you switch it on.
    #[serde(default, deserialize_with = "present")]
    pub(super) auto_resume: Option<bool>,
    /// Whether the endpoint is switched on from the start; `true` if absent.
    #[serde(default, deserialize_with = "present")]
    pub(super) active: Option<bool>,
    /// The signing secret that the receiver has already: `whsec_` and standard base64 of 24 to 64 bytes. Only with a `manage` key (403
    /// otherwise), for customers who move in; without it, a new one is made.
    #[serde(default, deserialize_with = "present")]
    pub(super) secret: Option<SecretText>,
}

/// A change to an endpoint: fields are set as given. If the path names no endpoint, `id` alone switches it on or off.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ChangeEndpoint {
    /// The id of the endpoint to change, if neither the path nor the query names it.
    #[serde(default, deserialize_with = "present")]
    pub(super) id: Option<String>,
    /// `true` switches the endpoint on, `false` switches it off. Switching it on resets the failure counter and releases parked
    /// deliveries.
    #[serde(default, deserialize_with = "present")]
    pub(super) active: Option<bool>,
    /// The new URL. If its receiver asked us to wait, that ends.
    #[serde(default, deserialize_with = "present")]
    pub(super) url: Option<UrlText>,
    /// The new list of events, which replaces the present one.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, max_items = 15, unique_items))]
    pub(super) events: Option<Vec<SubscriptionName>>,
    /// Send only events of this chatbot from now on; `null`: events of all chatbots.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) chatbot_id: Option<Option<ChatbotId>>,
    /// The new description; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) description: Option<Option<Description>>,
    /// The most deliveries that are sent in a second from now on, evenly spread; `null`: as many as the receiver carries.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) rate_limit: Option<Option<RatePerSecond>>,
    /// Whether the endpoint is tried again by itself after failures disabled it.
    #[serde(default, deserialize_with = "present")]
    pub(super) auto_resume: Option<bool>,
    /// What to do with parked deliveries when this request switches the endpoint on; `deliver` if absent. It also applies to
    /// deliveries that an earlier switching-on released and that are still waiting.
    #[serde(default, deserialize_with = "present")]
    pub(super) parked: Option<Parked>,
}

/// What to do with parked deliveries.
#[derive(Debug, Clone, Copy, Deserialize, Enum)]
#[serde(try_from = "String")]
#[oai(rename_all = "lowercase")]
pub(crate) enum Parked {
    /// Send them.
    Deliver,
    /// Cancel them.
    Discard,
}

/// What becomes of parked deliveries.
pub(super) const fn parked_action(wanted: Option<Parked>) -> ParkedAction {
    match wanted {
        Some(Parked::Discard) => ParkedAction::Discard,
        Some(Parked::Deliver) | None => ParkedAction::Deliver,
    }
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

impl JsonRequest for CreateEndpoint {
    const REQUIRED: &'static [(&'static str, &'static str)] =
        &[("url", "\"https://example.com/\""), ("events", "[\"*\"]")];

    fn fault(self, app: &App) -> Option<Problem> {
        self.wanted(&app.urls).err()
    }
}

impl JsonRequest for ChangeEndpoint {
    fn fault(self, app: &App) -> Option<Problem> {
        self.into_patch(None, &app.urls).err()
    }
}

impl ChangeEndpoint {
    /// The change to make, and who makes it.
    pub(super) fn into_patch(self, by: Option<String>, urls: &UrlPolicy) -> Result<EndpointPatch, Problem> {
        let mut faults = Faults::default();
        let url = faults.take_any(self.url.map(|url| EndpointUrl::parse(&url.0, urls)));
        let events = faults.take_any(self.events.as_deref().map(fields::subscriptions));
        let chatbot_id = faults.take_any(
            self.chatbot_id
                .map(|id| id.map(|id| fields::chatbot_id(id.0)).transpose()),
        );
        let description = faults.take_any(
            self.description
                .map(|text| text.map(|text| fields::description(text.0)).transpose()),
        );
        let rate_limit = faults.take_any(
            self.rate_limit
                .map(|limit| limit.map(|limit| fields::rate_limit(limit.0)).transpose()),
        );
        let (Some(url), Some(events), Some(chatbot_id), Some(description), Some(rate_limit)) =
            (url, events, chatbot_id, description, rate_limit)
        else {
            return Err(faults.into());
        };
        Ok(EndpointPatch {
            active: self.active,
            url,
            events,
            chatbot_id,
            description,
            rate_limit,
            auto_resume: self.auto_resume,
            parked: parked_action(self.parked),
            by,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::assert_required_is_right;

    #[test]
    fn what_an_endpoint_must_have_is_told_when_it_is_missing() {
        assert_required_is_right::<CreateEndpoint>();
        assert_required_is_right::<ChangeEndpoint>();
    }
}
