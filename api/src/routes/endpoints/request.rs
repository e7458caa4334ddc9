//! The body of a request that creates an endpoint, and what it asks of the store.

mod wanted;

use domain::endpoint::EndpointUrl;
use poem_openapi::Object;
use serde::Deserialize;

pub(super) use self::wanted::Wanted;
use super::super::fields;
use super::super::schema::{
    ChatbotId, Description, RatePerSecond, SecretText, SubscriptionName, UrlText, present,
};
use super::choice::{self, FilterObject};
use super::headers::{NewHeaders, new_headers};
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
    #[oai(validator(min_items = 1, unique_items))]
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
    /// The signing secret that the receiver has already: `whsec_` and standard base64 of 24 to 64 bytes. Only with a `manage` key (403
    /// otherwise), for customers who move in; without it, a new one is made.
    #[serde(default, deserialize_with = "present")]
    pub(super) secret: Option<SecretText>,
}

impl JsonRequest for CreateEndpoint {
    const REQUIRED: &'static [(&'static str, &'static str)] =
        &[("url", "\"https://example.com/\""), ("events", "[\"*\"]")];

    fn fault(self, app: &App) -> Option<Problem> {
        self.wanted(app).err()
    }
}

impl CreateEndpoint {
    /// What is asked for.
    pub(super) fn wanted(self, app: &App) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let url = faults.take(EndpointUrl::parse(&self.url.0, &app.urls));
        let events = faults.take(fields::subscriptions(&self.events, &app.event_types));
        let chatbots = faults.take(choice::chatbots(self.chatbot_id, self.chatbot_ids));
        let filters = faults.take(choice::filters(self.filters.unwrap_or_default()));
        let description = faults.take_any(self.description.map(|text| fields::description(text.0)));
        let rate_limit = faults.take_any(self.rate_limit.map(|limit| fields::rate_limit(limit.0)));
        let headers = faults.take(new_headers(self.headers, app));
        let secret = faults.take_any(self.secret.map(|text| fields::signing_secret(&text)));
        let (Some(url), Some(events), Some(chatbots), Some(filters)) = (url, events, chatbots, filters)
        else {
            return Err(faults.into());
        };
        let (Some(description), Some(rate_limit), Some(headers), Some(secret)) =
            (description, rate_limit, headers, secret)
        else {
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
            secret,
        })
    }
}

#[cfg(test)]
mod tests;
