//! The body of a request that creates an endpoint, and what it asks of the store.

use domain::custom_headers::{CustomName, CustomValue};
use domain::endpoint::{Chatbots, EndpointUrl, Filters, NewEndpoint, RateLimit};
use domain::event::Subscription;
use domain::id::EndpointId;
use domain::sealing::{SealedHeaders, SealedSecret};
use poem_openapi::Object;
use serde::Deserialize;

use super::super::fields;
use super::super::schema::{ChatbotId, Description, RatePerSecond, SubscriptionName, UrlText, present};
use super::choice::{self, FilterObject};
use super::headers::{NewHeaders, new_headers};
use crate::app::App;
use crate::caller::DashboardUser;
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
    /// Send only events of these chatbots, in place of `chatbotId`.
    #[oai(nullable, validator(min_items = 1, max_items = 50, unique_items))]
    pub(super) chatbot_ids: Option<Vec<ChatbotId>>,
    /// Send only events whose `data` meets all these conditions. They don't apply to account events and to replays.
    #[oai(nullable, validator(max_items = 5))]
    pub(super) filters: Option<Vec<FilterObject>>,
    /// A description for your own use.
    #[oai(nullable)]
    pub(super) description: Option<Description>,
    /// Headers to send with each delivery, by name, such as `Authorization`: at most 20, with 8 KiB together. Their values are never
    /// shown again. What the connection needs, what is sent anyway (`X-RKT-…`, `webhook-…`, `Content-…`, `Accept…`, `User-Agent`,
    /// `traceparent`), and what proxies add (`Forwarded`, `X-Forwarded-…`) is refused.
    #[oai(nullable)]
    pub(super) headers: Option<NewHeaders>,
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

impl JsonRequest for CreateEndpoint {
    const REQUIRED: &'static [(&'static str, &'static str)] =
        &[("url", "\"https://example.com/\""), ("events", "[\"*\"]")];

    fn fault(self, app: &App) -> Option<Problem> {
        self.wanted(app).err()
    }
}

/// What the owner of a new endpoint wants of it.
#[derive(Debug)]
pub(super) struct Wanted {
    pub(super) url: EndpointUrl,
    pub(super) events: Vec<Subscription>,
    pub(super) chatbots: Chatbots,
    pub(super) filters: Filters,
    description: Option<String>,
    pub(super) headers: Vec<(CustomName, CustomValue)>,
    rate_limit: Option<RateLimit>,
    auto_resume: bool,
    pub(super) active: bool,
}

impl CreateEndpoint {
    /// What is asked for.
    pub(super) fn wanted(self, app: &App) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let url = faults.take(EndpointUrl::parse(&self.url.0, &app.urls));
        let events = faults.take(fields::subscriptions(&self.events));
        let chatbots = faults.take(choice::chatbots(self.chatbot_id, self.chatbot_ids));
        let filters = faults.take(choice::filters(self.filters.unwrap_or_default()));
        let description = faults.take_any(self.description.map(|text| fields::description(text.0)));
        let rate_limit = faults.take_any(self.rate_limit.map(|limit| fields::rate_limit(limit.0)));
        let headers = faults.take(new_headers(self.headers, app));
        let (Some(url), Some(events), Some(chatbots), Some(filters)) = (url, events, chatbots, filters)
        else {
            return Err(faults.into());
        };
        let (Some(description), Some(rate_limit), Some(headers)) = (description, rate_limit, headers) else {
            return Err(faults.into());
        };
        Ok(Wanted {
            url,
            events,
            chatbots,
            filters,
            description,
            headers,
            rate_limit,
            auto_resume: self.auto_resume.unwrap_or_default(),
            active: self.active.unwrap_or(true),
        })
    }
}

impl Wanted {
    /// The endpoint to make, with what is sealed for it.
    pub(super) fn into_new(
        self,
        id: EndpointId,
        user: DashboardUser,
        secret: SealedSecret,
        headers: SealedHeaders,
    ) -> NewEndpoint {
        NewEndpoint {
            id,
            account: user.account,
            url: self.url,
            events: self.events,
            chatbots: self.chatbots,
            filters: self.filters,
            description: self.description,
            headers,
            rate_limit: self.rate_limit,
            auto_resume: self.auto_resume,
            active: self.active,
            by: Some(user.user),
            secret,
        }
    }
}

#[cfg(test)]
mod tests;
