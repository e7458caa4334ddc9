//! The bodies of requests that create or change an endpoint, and what they ask of the store.

use domain::endpoint::{EndpointPatch, EndpointUrl, NewEndpoint, ParkedAction, UrlPolicy};
use domain::id::EndpointId;
use domain::sealing::SealedSecret;
use poem_openapi::{Enum, Object};
use serde::Deserialize;

use super::super::fields;
use super::super::schema::{ChatbotId, Description, RatePerSecond, SubscriptionName, UrlText, present};
use crate::caller::DashboardUser;
use crate::json::JsonRequest;
use crate::problem::Problem;

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

impl JsonRequest for CreateEndpoint {}

impl JsonRequest for ChangeEndpoint {}

impl CreateEndpoint {
    /// The endpoint to make.
    pub(super) fn into_new(
        self,
        id: EndpointId,
        user: DashboardUser,
        secret: SealedSecret,
        urls: &UrlPolicy,
    ) -> Result<NewEndpoint, Problem> {
        Ok(NewEndpoint {
            id,
            account: user.account,
            url: EndpointUrl::parse(&self.url.0, urls)?,
            events: fields::subscriptions(&self.events)?,
            chatbot_id: self.chatbot_id.map(|id| fields::chatbot_id(id.0)).transpose()?,
            description: self
                .description
                .map(|text| fields::description(text.0))
                .transpose()?,
            rate_limit: self
                .rate_limit
                .map(|limit| fields::rate_limit(limit.0))
                .transpose()?,
            auto_resume: self.auto_resume.unwrap_or_default(),
            active: self.active.unwrap_or(true),
            by: Some(user.user),
            secret,
        })
    }
}

impl ChangeEndpoint {
    /// The change to make.
    pub(super) fn into_patch(self, user: &DashboardUser, urls: &UrlPolicy) -> Result<EndpointPatch, Problem> {
        Ok(EndpointPatch {
            active: self.active,
            url: self.url.map(|url| EndpointUrl::parse(&url.0, urls)).transpose()?,
            events: self.events.as_deref().map(fields::subscriptions).transpose()?,
            chatbot_id: self
                .chatbot_id
                .map(|id| id.map(|id| fields::chatbot_id(id.0)).transpose())
                .transpose()?,
            description: self
                .description
                .map(|text| text.map(|text| fields::description(text.0)).transpose())
                .transpose()?,
            rate_limit: self
                .rate_limit
                .map(|limit| limit.map(|limit| fields::rate_limit(limit.0)).transpose())
                .transpose()?,
            auto_resume: self.auto_resume,
            parked: parked_action(self.parked),
            by: Some(user.user.clone()),
        })
    }
}
