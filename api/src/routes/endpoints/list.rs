//! Which endpoints are listed, and page by page.

use std::fmt;
use std::str::FromStr;

use domain::catalog::Catalog;
use domain::clock::Timestamp;
use domain::endpoint::{Endpoint, EndpointState};
use domain::event::Subscription;
use domain::id::EndpointId;

use super::super::fields;
use super::glance::{EndpointList, ListedEndpointView};
use super::warning::Warning;
use crate::access::Kind;
use crate::app::App;
use crate::caller::Caller;
use crate::cursor::CursorScope;
use crate::problem::{Code, Faults, Problem};
use crate::query;

/// The longest text that is searched for, in characters.
const MAX_SEARCH: usize = 200;

/// The most endpoints of a page.
const MAX_PAGE: usize = 1000;

/// The parameters.
const NAMES: [&str; 7] = [
    "active",
    "state",
    "chatbotId",
    "event",
    "search",
    "cursor",
    "limit",
];

/// Which endpoints are listed.
#[derive(Debug, Default)]
struct EndpointFilter {
    active: Option<bool>,
    state: Option<EndpointState>,
    chatbot: Option<String>,
    event: Option<Subscription>,
    /// In small letters.
    search: Option<String>,
}

/// Behind which endpoint a page begins: endpoints are listed in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListPlace {
    made_at: Timestamp,
    id: EndpointId,
}

/// What a query says, as it says it.
#[derive(Debug, Default)]
pub(super) struct Given {
    pub(super) active: Option<String>,
    pub(super) state: Option<String>,
    pub(super) chatbot: Option<String>,
    pub(super) event: Option<String>,
    pub(super) search: Option<String>,
    pub(super) cursor: Option<String>,
    pub(super) limit: Option<String>,
}

/// A page of an account's endpoints.
pub(super) async fn list(
    app: &App,
    caller: &Caller,
    query: &str,
    mut given: Given,
) -> Result<EndpointList, Problem> {
    let (cursor, most) = (given.cursor.take(), limit(given.limit.take()));
    let mut faults = Faults::default();
    let once = faults.take(query::once(query, |name| NAMES.contains(&name)));
    let most = faults.take(most);
    let filter = faults.take(EndpointFilter::read(given, &app.event_types));
    let (Some(()), Some(most), Some(filter)) = (once, most, filter) else {
        return Err(faults.into());
    };
    let text = filter.text();
    let scope = CursorScope {
        keys: &app.secrets,
        purpose: "endpoints",
        account: &caller.account,
        endpoint: None,
        filter: &text,
    };
    let behind = cursor.map(|text| scope.read(&text)).transpose();
    let behind = behind.map_err(|_| Problem::new(Code::InvalidCursor).field("cursor"))?;
    let endpoints = app.store.get()?.list_endpoints(&caller.account).await?;
    let is_unknown = endpoints.is_empty() && is_unusual(app, caller);
    let (endpoints, next) = page(endpoints, &filter, behind.as_ref(), most);
    let now = Timestamp::now();
    let listed = endpoints
        .into_iter()
        .map(|endpoint| ListedEndpointView::of(endpoint, now));
    Ok(EndpointList {
        endpoints: listed.collect(),
        next_cursor: next.map(|next| scope.write(&next)),
        warnings: is_unknown.then(|| vec![Warning::unknown_account()]),
    })
}

/// Whether the backend calls for an account that no session of the issuer stands for.
pub(super) fn is_unusual(app: &App, caller: &Caller) -> bool {
    caller.kind == Kind::Manage && !app.sessions.may_name(&caller.account)
}

impl EndpointFilter {
    fn read(given: Given, catalog: &Catalog) -> Result<Self, Problem> {
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
    fn has(&self, endpoint: &Endpoint) -> bool {
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
    fn text(&self) -> String {
        format!("{self:?}")
    }
}

/// How many endpoints a page has; `None`: all.
fn limit(given: Option<String>) -> Result<Option<usize>, Problem> {
    let read = |text: String| {
        let limit = text.parse().ok().filter(|limit| (1..=MAX_PAGE).contains(limit));
        limit.ok_or_else(|| {
            Problem::new(Code::InvalidFilter)
                .detail(format!(
                    "Give a whole number from 1 to {MAX_PAGE}, or none for all."
                ))
                .field("limit")
                .param("min", 1)
                .param("max", MAX_PAGE)
        })
    };
    given.map(read).transpose()
}

/// The endpoints behind a place that are listed, at most so many, and where the next page begins.
fn page(
    endpoints: Vec<Endpoint>,
    filter: &EndpointFilter,
    behind: Option<&ListPlace>,
    limit: Option<usize>,
) -> (Vec<Endpoint>, Option<ListPlace>) {
    let is_behind = |endpoint: &Endpoint| {
        behind.is_none_or(|place| (endpoint.created_at, &endpoint.id) > (place.made_at, &place.id))
    };
    let mut listed: Vec<_> = endpoints
        .into_iter()
        .filter(|endpoint| is_behind(endpoint) && filter.has(endpoint))
        .collect();
    let Some(limit) = limit.filter(|limit| listed.len() > *limit) else {
        return (listed, None);
    };
    listed.truncate(limit);
    let next = listed.last().map(|last| ListPlace {
        made_at: last.created_at,
        id: last.id.clone(),
    });
    (listed, next)
}

impl fmt::Display for ListPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.made_at.as_millis(), self.id)
    }
}

impl FromStr for ListPlace {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (made_at, id) = text.split_once(' ').ok_or(())?;
        let made_at = made_at.parse().ok().and_then(Timestamp::from_millis);
        Ok(Self {
            made_at: made_at.ok_or(())?,
            id: id.parse().map_err(|_| ())?,
        })
    }
}
