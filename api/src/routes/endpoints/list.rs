//! The endpoints of an account, page by page.

mod filter;

use std::fmt;
use std::str::FromStr;

use domain::clock::Timestamp;
use domain::endpoint::Endpoint;
use domain::id::EndpointId;

pub(super) use filter::Given;

use filter::EndpointFilter;

use super::glance::{EndpointList, ListedEndpointView};
use super::warning::Warning;
use crate::access::Kind;
use crate::app::App;
use crate::caller::Caller;
use crate::cursor::CursorScope;
use crate::problem::{Code, Faults, Problem};
use crate::query;

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

/// Behind which endpoint a page begins: endpoints are listed in the order in which they were made.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ListPlace {
    made_at: Timestamp,
    id: EndpointId,
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
        keys: &app.secrets.get(),
        purpose: "endpoints",
        account: &caller.account,
        endpoint: None,
        filter: &text,
    };
    let behind = cursor.map(|text| scope.read(&text)).transpose();
    let behind = behind.map_err(|_| Problem::new(Code::InvalidCursor).field("cursor"))?;
    let endpoints = app
        .store
        .of(&caller.account)?
        .list_endpoints(&caller.account)
        .await?;
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
    caller.kind == Kind::Manage && !app.sessions.get().may_name(&caller.account)
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
