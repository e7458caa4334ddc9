//! Which endpoints are listed: the filters of a query, read strictly.

use domain::catalog::Catalog;
use domain::endpoint::{Endpoint, EndpointState};
use domain::event::Subscription;

use super::super::super::fields;
use crate::problem::{Code, Faults, Problem};

/// The longest text that is searched for, in characters.
const MAX_SEARCH: usize = 200;

/// What a query says, as it says it.
#[derive(Debug, Default)]
pub(in super::super) struct Given {
    pub(in super::super) active: Option<String>,
    pub(in super::super) state: Option<String>,
    pub(in super::super) chatbot: Option<String>,
    pub(in super::super) event: Option<String>,
    pub(in super::super) search: Option<String>,
    pub(in super::super) cursor: Option<String>,
    pub(in super::super) limit: Option<String>,
}

/// Which endpoints are listed.
#[derive(Debug, Default)]
pub(super) struct EndpointFilter {
    active: Option<bool>,
    state: Option<EndpointState>,
    chatbot: Option<String>,
    event: Option<Subscription>,
    /// In small letters.
    search: Option<String>,
}

impl EndpointFilter {
    /// Reads the filters that a query gives, but for its page.
    pub(super) fn read(given: Given, catalog: &Catalog) -> Result<Self, Problem> {
        let refuse = |field: &'static str, detail: &str| {
            Problem::new(Code::InvalidFilter)
                .detail(detail.to_owned())
                .field(field)
        };
        let mut faults = Faults::default();
        let active =
            given.active.map(|text| match &*text {
                "true" => Ok(true),
                "false" => Ok(false),
                _ => Err(refuse("active", "Give `true` or `false`.")
                    .param("allowed", ["true", "false"].as_slice())),
            });
        let active = faults.take_any(active);
        let state = given.state.map(|name| {
            EndpointState::from_name(&name)
                .filter(|state| *state == state.without_operator())
                .ok_or_else(|| {
                    refuse("state", "The states are active, paused, disabled, off.")
                        .param("allowed", ["active", "paused", "disabled", "off"].as_slice())
                })
        });
        let state = faults.take_any(state);
        let chatbot = faults.take_any(given.chatbot.map(fields::chatbot_id));
        let event = given.event.map(|name| {
            let known = catalog.find_subscription(&name);
            known.ok_or_else(|| Problem::unknown_subscription(catalog).field("event"))
        });
        let event = faults.take_any(event);
        let search = given.search.map(|text| {
            let is_short = text.chars().take(MAX_SEARCH + 1).count() <= MAX_SEARCH;
            let too_long = || refuse("search", "Search for 200 characters at most.").param("max", MAX_SEARCH);
            is_short.then(|| text.to_lowercase()).ok_or_else(too_long)
        });
        let search = faults.take_any(search);
        let (Some(active), Some(state), Some(chatbot), Some(event), Some(search)) =
            (active, state, chatbot, event, search)
        else {
            return Err(faults.into());
        };
        Ok(Self {
            active,
            state,
            chatbot,
            event,
            search,
        })
    }

    /// Whether an endpoint is listed.
    pub(super) fn has(&self, endpoint: &Endpoint) -> bool {
        // What an operator does stands beside the state.
        let state = endpoint.state.without_operator();
        let finds = |text: &str| {
            let mut texts = [Some(&endpoint.url), endpoint.description.as_ref()]
                .into_iter()
                .flatten();
            texts.any(|found| found.to_lowercase().contains(text))
        };
        self.active
            .is_none_or(|active| active == (state == EndpointState::Active))
            && self.state.is_none_or(|wanted| wanted == state)
            && self
                .chatbot
                .as_ref()
                .is_none_or(|chatbot| endpoint.chatbots.include(chatbot))
            && self
                .event
                .is_none_or(|event| endpoint.events.iter().any(|known| known.covers(event)))
            && self.search.as_deref().is_none_or(finds)
    }

    /// In a normal form, to which cursors are bound.
    pub(super) fn text(&self) -> String {
        format!("{self:?}")
    }
}
