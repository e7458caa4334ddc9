//! The filters of a listing: read strictly, so that no mistake looks like "nothing was delivered".

use std::fmt::Write as _;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::event::{AccountEvent, EventType};
use poem_openapi::param::Query;
use store::log::{ListFilter, ListStatus};

use super::super::fields;
use super::super::schema::{DateTime, DeliveredEvent, ListedStatus, PageLimit};
use crate::problem::{Code, Faults, Problem};

/// How many deliveries a page has if the request doesn't say.
const DEFAULT_LIMIT: usize = 50;

/// The largest page that can be asked for.
const MAX_LIMIT: usize = 100;

/// The parameters of a listing.
const NAMES: [&str; 6] = ["status", "event", "since", "until", "cursor", "limit"];

/// Refuses a query that has another parameter, or one of them twice.
pub(super) fn only_known(query: &str) -> Result<(), Problem> {
    let mut seen: Vec<String> = Vec::new();
    let mut faults = Faults::default();
    for (name, _) in url::form_urlencoded::parse(query.as_bytes()) {
        let name: String = name
            .chars()
            .filter(|character| !character.is_control())
            .take(64)
            .collect();
        if !NAMES.contains(&name.as_str()) {
            let detail = format!(
                "There is no parameter `{name}`. The parameters are {}.",
                NAMES.join(", ")
            );
            let problem = Problem::new(Code::InvalidFilter).detail(detail).field(name);
            faults.note(problem.param("allowed", NAMES.as_slice()));
        } else if seen.contains(&name) {
            let detail = format!("Give `{name}` once.");
            faults.note(Problem::new(Code::InvalidFilter).detail(detail).field(name));
        } else {
            seen.push(name);
        }
        if faults.are_enough() {
            break;
        }
    }
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
                "Canceled deliveries can't be listed: only their number is kept, in the log. The states are {names}."
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
pub(super) fn event(given: Query<Option<DeliveredEvent>>) -> Result<Option<String>, Problem> {
    let Some(DeliveredEvent(name)) = given.0 else {
        return Ok(None);
    };
    if EventType::from_name(&name).is_some() || AccountEvent::from_name(&name).is_some() {
        return Ok(Some(name));
    }
    let names = EventType::ALL
        .iter()
        .map(|kind| kind.as_str())
        .chain(AccountEvent::ALL.iter().map(|kind| kind.as_str()))
        .collect::<Vec<_>>();
    Err(Problem::new(Code::InvalidFilter)
        .detail(format!("The event types are {}.", names.join(", ")))
        .field("event")
        .param("allowed", names))
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
    for time in [filter.since, filter.until] {
        text.push('|');
        if let Some(time) = time {
            // Writing to a string doesn't fail.
            write!(text, "{}", time.as_millis()).ok();
        }
    }
    text
}

#[cfg(test)]
mod tests;
