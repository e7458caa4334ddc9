//! The bodies of requests that create or change an endpoint, and what they ask of the store.

mod wanted;

use domain::endpoint::{EndpointPatch, EndpointUrl};
use poem_openapi::Object;
use serde::Deserialize;

pub(super) use self::wanted::{Change, Wanted};
use super::super::fields;
use super::super::schema::{
    ChatbotId, Description, RatePerSecond, SecretText, SubscriptionName, UrlText, present,
};
use super::headers::{ChangedHeaders, NewHeaders, changed_headers, new_headers};
use super::parked::{Parked, parked_action};
use super::state_view::{WantedState, state_change};
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

/// A change to an endpoint: fields are set as given. If the path names no endpoint, `id` alone switches it on or off.
#[derive(Debug, Deserialize, Object)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[oai(rename_all = "camelCase")]
pub(crate) struct ChangeEndpoint {
    /// The id of the endpoint to change, if neither the path nor the query names it.
    #[serde(default, deserialize_with = "present")]
    pub(super) id: Option<String>,
    /// `true` switches the endpoint on, `false` switches it off; one that is paused stays so. Switching it on resets the failure
    /// counter and releases parked deliveries.
    #[serde(default, deserialize_with = "present")]
    pub(super) active: Option<bool>,
    /// The endpoint's state. `paused` keeps what comes: it is parked, within the limits of what may be parked, and sent when the
    /// endpoint is `active` again; `active` then is `false`. It must not contradict `active`.
    #[serde(default, deserialize_with = "present")]
    pub(super) state: Option<WantedState>,
    /// The new URL. If its receiver asked us to wait, that ends. A URL with another scheme, host or port also ends all `headers`, unless
    /// the request gives them anew: whoever may change the URL must not be sent somebody's credentials.
    #[serde(default, deserialize_with = "present")]
    pub(super) url: Option<UrlText>,
    /// The new list of events, which replaces the present one.
    #[serde(default, deserialize_with = "present")]
    #[oai(validator(min_items = 1, unique_items))]
    pub(super) events: Option<Vec<SubscriptionName>>,
    /// Send only events of this chatbot from now on; `null`: events of all chatbots.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) chatbot_id: Option<Option<ChatbotId>>,
    /// The new description; `null` removes it.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) description: Option<Option<Description>>,
    /// Headers to send with each delivery, by name: those that are given get these values, `null` removes one, and the others stay as they
    /// are. `null` in place of the object removes all.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable)]
    pub(super) headers: Option<Option<ChangedHeaders>>,
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

impl JsonRequest for CreateEndpoint {
    const REQUIRED: &'static [(&'static str, &'static str)] =
        &[("url", "\"https://example.com/\""), ("events", "[\"*\"]")];

    fn fault(self, app: &App) -> Option<Problem> {
        self.wanted(app).err()
    }
}

impl JsonRequest for ChangeEndpoint {
    fn fault(self, app: &App) -> Option<Problem> {
        self.into_change(None, app).err()
    }
}

impl CreateEndpoint {
    /// What is asked for.
    pub(super) fn wanted(self, app: &App) -> Result<Wanted, Problem> {
        let mut faults = Faults::default();
        let url = faults.take(EndpointUrl::parse(&self.url.0, &app.urls));
        let events = faults.take(fields::subscriptions(&self.events, &app.event_types));
        let chatbot_id = faults.take_any(self.chatbot_id.map(|id| fields::chatbot_id(id.0)));
        let description = faults.take_any(self.description.map(|text| fields::description(text.0)));
        let rate_limit = faults.take_any(self.rate_limit.map(|limit| fields::rate_limit(limit.0)));
        let headers = faults.take(new_headers(self.headers, app));
        let secret = faults.take_any(self.secret.map(|text| fields::signing_secret(&text)));
        let (
            Some(url),
            Some(events),
            Some(chatbot_id),
            Some(description),
            Some(rate_limit),
            Some(headers),
            Some(secret),
        ) = (url, events, chatbot_id, description, rate_limit, headers, secret)
        else {
            return Err(faults.into());
        };
        Ok(Wanted {
            url,
            events,
            chatbot_id,
            description,
            headers,
            rate_limit,
            auto_resume: self.auto_resume.unwrap_or_default(),
            active: self.active.unwrap_or(true),
            secret,
        })
    }
}

impl ChangeEndpoint {
    /// The change to make, and who makes it.
    pub(super) fn into_change(self, by: Option<String>, app: &App) -> Result<Change, Problem> {
        let mut faults = Faults::default();
        let state = faults.take(state_change(self.active, self.state));
        let url = faults.take_any(self.url.map(|url| EndpointUrl::parse(&url.0, &app.urls)));
        let events = self
            .events
            .as_deref()
            .map(|names| fields::subscriptions(names, &app.event_types));
        let events = faults.take_any(events);
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
        let headers = faults.take_any(self.headers.map(|given| changed_headers(given, app)));
        let (
            Some(state),
            Some(url),
            Some(events),
            Some(chatbot_id),
            Some(description),
            Some(rate_limit),
            Some(headers),
        ) = (state, url, events, chatbot_id, description, rate_limit, headers)
        else {
            return Err(faults.into());
        };
        let patch = EndpointPatch {
            state,
            url,
            events,
            chatbot_id,
            description,
            headers: None,
            rate_limit,
            auto_resume: self.auto_resume,
            parked: parked_action(self.parked),
            by,
        };
        Ok(Change { patch, headers })
    }
}

#[cfg(test)]
mod tests;
