//! The filters of an account's listing.

use domain::delivery::DeliveryState;
use domain::id::{EndpointId, EventId};
use store::log::{AccountFilter, ListStatus};

use super::super::fields;
use super::super::schema::{AccountStatus, IdText};
use super::filter;
use crate::problem::{Code, Problem};

/// How many endpoints a request may name.
const MOST_ENDPOINTS: usize = 100;

/// The states to list, and whether canceled deliveries are asked for.
pub(super) fn read_statuses(given: &[AccountStatus]) -> Result<(Vec<ListStatus>, bool), Problem> {
    let (mut statuses, mut canceled) = (Vec::new(), false);
    for name in given.iter().flat_map(|AccountStatus(text)| text.split(',')) {
        match ListStatus::from_name(name) {
            Some(status) if !statuses.contains(&status) => statuses.push(status),
            Some(_) => {}
            None if name == DeliveryState::Canceled.as_str() => canceled = true,
            None => {
                let known = ListStatus::ALL.iter().map(|status| status.state());
                let names: Vec<_> = known
                    .chain([DeliveryState::Canceled])
                    .map(DeliveryState::as_str)
                    .collect();
                return Err(Problem::new(Code::InvalidFilter)
                    .detail(format!("The states that can be listed are {}.", names.join(", ")))
                    .field("status")
                    .param("allowed", names));
            }
        }
    }
    statuses.sort_by_key(|status| ListStatus::ALL.iter().position(|known| known == status));
    Ok((statuses, canceled))
}

pub(super) fn read_endpoints(given: &[IdText]) -> Result<Vec<EndpointId>, Problem> {
    let given: Vec<_> = given.iter().flat_map(|IdText(text)| text.split(',')).collect();
    if given.len() > MOST_ENDPOINTS {
        return Err(Problem::new(Code::InvalidFilter)
            .detail(format!(
                "Name at most {MOST_ENDPOINTS} endpoints, or none for all."
            ))
            .field("endpointId")
            .param("max", MOST_ENDPOINTS));
    }
    let ids = given.into_iter().map(fields::endpoint_id);
    let mut ids: Vec<_> = ids
        .collect::<Result<_, _>>()
        .map_err(|problem| problem.field("endpointId"))?;
    ids.sort_by(|one, other| one.as_str().cmp(other.as_str()));
    ids.dedup();
    Ok(ids)
}

pub(super) fn read_event_id(given: Option<IdText>) -> Result<Option<EventId>, Problem> {
    let id = given.map(|IdText(text)| text.parse()).transpose();
    id.map_err(|_| {
        Problem::new(Code::InvalidFilter)
            .detail("Give the id of an event: `evt_` and 26 characters.")
            .field("eventId")
    })
}

/// The filter in a normal form, to which cursors are bound.
pub(super) fn text(filter: &AccountFilter) -> String {
    let words = |words: Vec<&str>| words.join(",");
    let mut text = [
        words(filter.endpoints.iter().map(EndpointId::as_str).collect()),
        words(
            filter
                .statuses
                .iter()
                .map(|status| status.state().as_str())
                .collect(),
        ),
        filter.canceled.to_string(),
        filter
            .event_id
            .as_ref()
            .map_or_else(String::new, ToString::to_string),
        filter.event.clone().unwrap_or_default(),
        // Any character may stand in it.
        filter
            .chatbot
            .as_ref()
            .map_or_else(String::new, |id| format!("{id:?}")),
    ]
    .join("|");
    filter::add_span(&mut text, filter.since, filter.until);
    text
}

#[cfg(test)]
mod tests;
