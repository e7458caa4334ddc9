//! The filters of a listing: read strictly, so that no mistake looks like "nothing was delivered".

use std::fmt::Write as _;

use domain::catalog::Catalog;
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use poem_openapi::param::Query;
use store::log::{ListFilter, ListStatus};

use super::super::fields;
use super::super::schema::{DateTime, DeliveredEvent, ListedStatus, PageLimit};
use crate::problem::{Code, Faults, Problem};
use crate::query;

/// How many deliveries a page has if the request doesn't say.
const DEFAULT_LIMIT: usize = 50;

/// The largest page that can be asked for.
const MAX_LIMIT: usize = 100;

/// The parameters of a listing.
const NAMES: [&str; 6] = ["status", "event", "since", "until", "cursor", "limit"];

/// Refuses a query that has another parameter, or one of them twice.
pub(super) fn only_known(query: &str) -> Result<(), Problem> {
    only_these(query, &NAMES, &[])
}

/// Refuses a query that has a parameter which is none of these, or one twice which may not be repeated.
pub(super) fn only_these(query: &str, names: &[&str], repeated: &[&str]) -> Result<(), Problem> {
    let mut faults = Faults::default();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        let name: String = name
            .chars()
            .filter(|character| !character.is_control())
            .take(64)
            .collect();
        if !names.contains(&name.as_str()) {
            let detail = format!(
                "There is no parameter `{name}`. The parameters are {}.",
                names.join(", ")
            );
            let problem = Problem::new(Code::InvalidFilter).detail(detail).field(name);
            faults.note(problem.param("allowed", names));
        }
        if faults.are_enough() {
            break;
        }
    }
    faults.take(query::once(query, |name| {
        names.contains(&name) && !repeated.contains(&name)
    }));
    faults.finish()
}

/// The state to list.
pub(super) fn status(given: Query<Option<ListedStatus>>) -> Result<Option<ListStatus>, Problem> {
    let Some(ListedStatus(name)) = given.0 else {
        return Ok(None);
    };
    let known = ListStatus::ALL
        .into_iter()
        .find(|status| status.state().as_str() == name);
    known.map(Some).ok_or_else(|| {
        let allowed = ListStatus::ALL.map(|status| status.state().as_str());
        let names = allowed.join(", ");
        let detail = if name == DeliveryState::Canceled.as_str() {
            format!(
                "Canceled deliveries can't be listed: only their number is kept, in the log; `/api/webhooks-deliveries` lists \
                 where that was. The states are {names}."
            )
        } else {
            format!("The states that can be listed are {names}.")
        };
        Problem::new(Code::InvalidFilter)
            .detail(detail)
            .field("status")
            .param("allowed", allowed.as_slice())
    })
}

/// The type of event to list.
pub(super) fn event(
    given: Query<Option<DeliveredEvent>>,
    catalog: &Catalog,
) -> Result<Option<String>, Problem> {
    let read = |DeliveredEvent(name)| fields::delivered_event(&name, Code::InvalidFilter, catalog);
    let event = given.0.map(read).transpose();
    event.map_err(|problem| problem.field("event"))
}

/// A time span: from `since` on, before `until`.
pub(super) fn span(
    since: Query<Option<DateTime>>,
    until: Query<Option<DateTime>>,
) -> Result<(Option<Timestamp>, Option<Timestamp>), Problem> {
    let time = |given: Query<Option<DateTime>>, field| {
        given
            .0
            .map(|DateTime(text)| fields::timestamp_in_query(&text, field))
            .transpose()
    };
    let mut faults = Faults::default();
    let (since, until) = (
        faults.take(time(since, "since")),
        faults.take(time(until, "until")),
    );
    let (Some(since), Some(until)) = (since, until) else {
        return Err(faults.into());
    };
    if let (Some(since), Some(until)) = (since, until)
        && since >= until
    {
        return Err(Problem::new(Code::InvalidSpan).field("since"));
    }
    Ok((since, until))
}

/// How many deliveries a page may have.
pub(super) fn limit(given: Query<Option<PageLimit>>) -> Result<usize, Problem> {
    let Some(PageLimit(text)) = given.0 else {
        return Ok(DEFAULT_LIMIT);
    };
    text.parse()
        .ok()
        .filter(|limit| (1..=MAX_LIMIT).contains(limit))
        .ok_or_else(|| {
            Problem::new(Code::InvalidFilter)
                .detail(format!("Give a whole number from 1 to {MAX_LIMIT}."))
                .field("limit")
                .param("min", 1)
                .param("max", MAX_LIMIT)
        })
}

/// The filter in a normal form, to which cursors are bound: equal filters have the same, however the request spelled them.
pub(super) fn text(filter: &ListFilter) -> String {
    let mut text = format!(
        "{}|{}",
        filter.status.map_or("", |status| status.state().as_str()),
        filter.event.as_deref().unwrap_or_default(),
    );
    add_span(&mut text, filter.since, filter.until);
    text
}

/// Adds a time span to a filter's normal form.
pub(super) fn add_span(text: &mut String, since: Option<Timestamp>, until: Option<Timestamp>) {
    for time in [since, until] {
        text.push('|');
        if let Some(time) = time {
            // Writing to a string doesn't fail.
            write!(text, "{}", time.as_millis()).ok();
        }
    }
}

#[cfg(test)]
mod tests;
