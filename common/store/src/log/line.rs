//! Listings of what the log doesn't know: deliveries that stand in a line of the queue, or were given up.

use redis::Value;

use super::entry::entries;
use super::page::{MOST_LOOKED_AT, STEP};
use super::{DeliverySummary, ListFilter, ListPage, ListPosition, ListStatus, LogEntry, Record};
use crate::decode::{array, next, text};
use crate::{Store, StoreError};
use domain::clock::Timestamp;
use domain::id::{AccountId, DeliveryId, EndpointId};

/// Where deliveries stand that are listed without the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// Those that wait for their turn.
    Pending,
    /// Those that wait for the time of their next attempt.
    Retry,
    /// Those in flight.
    Leases,
    /// Those that were given up.
    Failed,
}

impl Line {
    pub(super) const ALL: [Self; 4] = [Self::Pending, Self::Retry, Self::Leases, Self::Failed];

    /// As the script and positions name it.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Retry => "retry",
            Self::Leases => "leases",
            Self::Failed => "failed",
        }
    }
}

impl Store {
    /// A page of one line, from behind `last` on; with parked deliveries also of the line behind it.
    pub(super) async fn line_page(
        &self,
        account: &AccountId,
        endpoint: &EndpointId,
        filter: &ListFilter,
        (mut line, last): (Line, &str),
        limit: usize,
    ) -> Result<Option<ListPage>, StoreError> {
        let mut page = ListPage::default();
        let mut last = last.to_owned();
        let mut looked_at = 0;
        loop {
            let step = STEP.min(MOST_LOOKED_AT - looked_at).to_string();
            let arguments = [endpoint.as_str(), account.as_str(), line.as_str(), &last, &step];
            let mut answer = array(self.run(&self.scripts().log_waiting, &arguments).await?)?.into_iter();
            let Some(state) = answer.next() else {
                return Ok(None);
            };
            let is_active = text(state)? == "active";
            let read = answer.len();
            for value in answer {
                let mut parts = array(value)?.into_iter();
                last = text(next(&mut parts)?)?;
                let record = Record::read(next(&mut parts)?)?;
                let (event, given_up) = (text(next(&mut parts)?)?, text(next(&mut parts)?)?);
                let newest = entries(Value::Array(parts.collect()))?.pop();
                let attempted = record.entries.iter().max().map(|newest| newest.time());
                let is_listed = filter.status == Some(ListStatus::Retrying) && newest.is_some();
                let Some(delivery) = waiting(&last, record, newest, event, is_active) else {
                    continue;
                };
                let time = match line {
                    Line::Failed => given_up.parse().ok().and_then(Timestamp::from_millis),
                    Line::Retry if filter.status == Some(ListStatus::Retrying) => attempted,
                    _ => None,
                };
                let is_within = filter.spans(time.unwrap_or_else(|| delivery.id.event().time()));
                if is_within && !is_listed && filter.lets_through(&delivery) {
                    page.deliveries.push(delivery);
                }
                if page.deliveries.len() == limit {
                    page.next = (line != Line::Leases).then_some(ListPosition::Line(line, last));
                    return Ok(Some(page));
                }
            }
            looked_at += read;
            if read < STEP && line == Line::Pending && filter.status == Some(ListStatus::Parked) {
                (line, last) = (Line::Retry, String::new());
            } else if read < STEP || line == Line::Leases {
                return Ok(Some(page));
            }
            if looked_at >= MOST_LOOKED_AT {
                page.next = Some(ListPosition::Line(line, last));
                return Ok(Some(page));
            }
        }
    }
}

/// A delivery in a line; `text` is its id, and in a pending list how many attempts were made. `newest` is its newest entry in
/// the log, if it has one.
fn waiting(
    text: &str,
    record: Record,
    newest: Option<LogEntry>,
    event: String,
    is_active: bool,
) -> Option<DeliverySummary> {
    let id: DeliveryId = text.split(':').next()?.parse().ok()?;
    let last = newest.and_then(LogEntry::into_attempt);
    let mut summary = record.summary(id, last, is_active);
    if summary.event.is_empty() {
        summary.event = event;
    }
    Some(summary)
}
