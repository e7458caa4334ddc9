//! The body of a request that changes an endpoint, and what it asks of the store.

use domain::endpoint::{EndpointPatch, EndpointUrl};
use poem_openapi::Object;
use serde::Deserialize;

use super::super::fields;
use super::super::schema::{ChatbotId, Description, RatePerSecond, SubscriptionName, UrlText, present};
use super::choice::{self, FilterObject};
use super::headers::{ChangedHeaders, HeaderChanges, changed_headers};
use super::parked::{Parked, parked_action};
use super::state_view::{WantedState, state_change};
use crate::app::App;
use crate::json::JsonRequest;
use crate::problem::{Faults, Problem};

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
    /// Send only events of these chatbots from now on; `null`: events of all chatbots. Give this or `chatbotId`.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable, validator(min_items = 1, max_items = 50, unique_items))]
    pub(super) chatbot_ids: Option<Option<Vec<ChatbotId>>>,
    /// Send only events whose `data` meets all these conditions from now on; `[]` or `null`: all events.
    #[serde(default, deserialize_with = "present")]
    #[oai(nullable, validator(max_items = 5))]
    pub(super) filters: Option<Option<Vec<FilterObject>>>,
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

impl JsonRequest for ChangeEndpoint {
    fn fault(self, app: &App) -> Option<Problem> {
        self.into_change(None, app).err()
    }
}

/// What the owner of an endpoint wants to change. Its headers can be sealed once it is known where its URL leads.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) patch: EndpointPatch,
    pub(super) headers: Option<HeaderChanges>,
}

impl Change {
    /// Whether it changes nothing, whatever the endpoint is.
    pub(super) const fn is_empty(&self) -> bool {
        self.patch.is_empty() && self.headers.is_none()
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
        let chatbots = faults.take(choice::changed_chatbots(self.chatbot_id, self.chatbot_ids));
        let filters = faults.take_any(
            self.filters
                .map(|given| choice::filters(given.unwrap_or_default())),
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
        let (Some(state), Some(url), Some(events), Some(chatbots), Some(filters)) =
            (state, url, events, chatbots, filters)
        else {
            return Err(faults.into());
        };
        let (Some(description), Some(rate_limit), Some(headers)) = (description, rate_limit, headers) else {
            return Err(faults.into());
        };
        let patch = EndpointPatch {
            state,
            url,
            events,
            chatbots,
            filters,
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
