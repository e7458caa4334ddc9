//! Which deliveries of an account are listed.

use super::super::{DeliverySummary, ListFilter, ListStatus, LogContent, RawEntry};
use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::id::{EndpointId, EventId};
use history::LogDescriptor;

/// Which deliveries of an account are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountFilter {
    /// Of these endpoints; empty: of all.
    pub endpoints: Vec<EndpointId>,
    /// In one of these states. If this is empty, and `canceled` isn't set: all that were attempted or given up, in any state.
    pub statuses: Vec<ListStatus>,
    /// With the places where parked deliveries were discarded.
    pub canceled: bool,
    /// Of this event, without replays.
    pub event_id: Option<EventId>,
    /// With an event of this type.
    pub event: Option<String>,
    /// With an event of this chatbot, as far as that is still known.
    pub chatbot: Option<String>,
    /// From this time on: of the newest entry in the log, or of the acceptance of what waits.
    pub since: Option<Timestamp>,
    /// Before this time.
    pub until: Option<Timestamp>,
}

impl AccountFilter {
    /// Whether what is listed ends where the logs do.
    #[must_use]
    pub fn ends_with_log(&self) -> bool {
        let ends = |status: &ListStatus| *status == ListStatus::Succeeded;
        self.canceled || self.statuses.is_empty() || self.statuses.iter().any(ends)
    }

    pub(super) fn has_endpoint(&self, id: &EndpointId) -> bool {
        self.endpoints.is_empty() || self.endpoints.contains(id)
    }

    /// The states that are listed endpoint by endpoint before all others, in this order.
    pub(super) fn waiting(&self) -> Vec<ListStatus> {
        use ListStatus::{InFlight, Parked, Pending, Quarantined};
        self.among([InFlight, Quarantined, Pending, Parked])
    }

    /// The states of which there may be more than the logs have.
    pub(super) fn unlogged(&self) -> Vec<ListStatus> {
        self.among([ListStatus::Retrying, ListStatus::Exhausted])
    }

    /// The states that the logs tell.
    fn logged(&self) -> Vec<ListStatus> {
        use ListStatus::{Exhausted, Retrying, Succeeded};
        self.among([Succeeded, Retrying, Exhausted])
    }

    fn among<const N: usize>(&self, statuses: [ListStatus; N]) -> Vec<ListStatus> {
        let mut statuses = Vec::from(statuses);
        statuses.retain(|status| self.statuses.contains(status));
        statuses
    }

    const fn is_about_any(&self) -> bool {
        self.statuses.is_empty() && !self.canceled
    }

    /// Whether anything is read from the logs.
    pub(super) fn reads_logs(&self) -> bool {
        self.canceled || self.is_about_any() || !self.logged().is_empty()
    }

    /// The same filter for the deliveries of one endpoint in one state.
    pub(super) fn of_status(&self, status: ListStatus) -> ListFilter {
        ListFilter {
            status: Some(status),
            event: self.event.clone(),
            since: self.since,
            until: self.until,
        }
    }

    /// Whether a delivery that the log shows has the state and the type that are asked for.
    pub(super) fn lets_through(&self, delivery: &DeliverySummary) -> bool {
        let has_status = |status: &ListStatus| status.state() == delivery.state && !delivery.is_test;
        let is_listed = self.is_about_any() || self.logged().iter().any(has_status);
        is_listed && self.event.as_ref().is_none_or(|event| *event == delivery.event)
    }

    /// Whether a delivery is listed as it stands now.
    pub(super) fn has(&self, delivery: &DeliverySummary) -> bool {
        let has_status = |status: &ListStatus| status.state() == delivery.state && !delivery.is_test;
        let time = delivery.last.as_ref().map(|last| last.at);
        let time = time.unwrap_or_else(|| delivery.id.event().time());
        (self.is_about_any() || self.statuses.iter().any(has_status))
            && self.has_endpoint(&delivery.id.endpoint())
            && self.event.as_ref().is_none_or(|event| *event == delivery.event)
            && self.since.is_none_or(|since| time >= since)
            && self.until.is_none_or(|until| time < until)
    }

    /// Whether an entry may stand for something that is listed, whatever its delivery's record says.
    pub(super) fn may_show(&self, entry: &RawEntry) -> bool {
        if let Some(LogContent::Canceled { .. }) = entry.content {
            return self.canceled;
        }
        let Some(attempt) = entry.attempt() else {
            return false;
        };
        let may_be = |status: &ListStatus| match status {
            ListStatus::Succeeded => !attempt.is_given_up(),
            ListStatus::Retrying => attempt.outcome == DeliveryState::Retrying || attempt.is_held(),
            // One that was given up after it had waited shows its last attempt until then.
            _ => !matches!(
                attempt.outcome,
                DeliveryState::Succeeded | DeliveryState::Canceled
            ),
        };
        let has_status = || !attempt.is_test && self.logged().iter().any(may_be);
        (self.is_about_any() || has_status())
            && self.event.as_ref().is_none_or(|event| *event == attempt.event)
    }

    /// Whether a block may have something that is listed.
    pub(super) fn may_find_in(&self, block: &LogDescriptor) -> bool {
        let has = |wanted: &[&str]| {
            let mut outcomes = block.outcomes.iter();
            outcomes.any(|(outcome, count)| *count > 0 && wanted.contains(&outcome.as_str()))
        };
        let may_have = |event: &String| block.kinds.as_ref().is_none_or(|kinds| kinds.contains(event));
        // What failed when the listing began may have ended since.
        let may_be = |status: &ListStatus| match status {
            ListStatus::Succeeded => has(&["succeeded", "retrying", "held"]),
            ListStatus::Retrying => has(&["retrying", "held"]),
            _ => has(&["exhausted", "retrying", "held"]),
        };
        self.canceled
            || self.event.as_ref().is_none_or(may_have)
                && (self.is_about_any() || self.logged().iter().any(may_be))
    }
}
