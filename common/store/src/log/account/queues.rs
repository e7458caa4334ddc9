//! Pages from the queues of several endpoints, one endpoint after the other: what waits has no order that they have in common.

use std::collections::HashSet;

use super::super::listing::Logged;
use super::super::{ListPosition, ListStatus, Listing, Source};
use super::Filling;
use super::position::Queue;
use crate::{Store, StoreError};
use domain::endpoint::{Endpoint, EndpointState};
use domain::id::{DeliveryId, EndpointId};

/// How many queues a page reads.
const MOST_CALLS: usize = 60;

/// How many suspects are looked at.
const SUSPECTS: usize = 2000;

impl Filling<'_> {
    /// Fills the page with deliveries in these states, from a place on; answers where it paused.
    pub(super) async fn list_queues(
        &mut self,
        statuses: &[ListStatus],
        from: Queue,
    ) -> Result<Option<Queue>, StoreError> {
        if statuses.is_empty() {
            return Ok(None);
        }
        let mut endpoints = self.store.list_endpoints(self.listing.account).await?;
        endpoints.retain(|endpoint| self.listing.filter.has_endpoint(&endpoint.id));
        endpoints.sort_by(|one, other| one.id.as_str().cmp(other.id.as_str()));
        let mut from = Some(from);
        for status in statuses {
            let known = match status {
                ListStatus::Quarantined => Some(self.store.suspected_endpoints().await?),
                ListStatus::Exhausted => Some(self.store.failed_endpoints(&endpoints).await?),
                _ => None,
            };
            let has_some = |endpoint: &&Endpoint| match &known {
                Some(known) => known.contains(&endpoint.id),
                None => may_have(endpoint, *status),
            };
            for endpoint in endpoints.iter().filter(has_some) {
                let Some(within) = begins(&mut from, statuses, *status, &endpoint.id) else {
                    continue;
                };
                let of = Some((*status, endpoint.id.clone()));
                if self.is_full() || self.calls >= MOST_CALLS {
                    return Ok(Some(Queue { of, within }));
                }
                if let Some(within) = self.list_queue(*status, &endpoint.id, within).await? {
                    let within = Some(within);
                    return Ok(Some(Queue { of, within }));
                }
            }
        }
        Ok(None)
    }

    /// Fills the page from one queue; answers where it paused.
    async fn list_queue(
        &mut self,
        status: ListStatus,
        endpoint: &EndpointId,
        within: Option<(Source, String)>,
    ) -> Result<Option<(Source, String)>, StoreError> {
        let filter = self.listing.filter.of_status(status);
        // Of those that wait for a retry, the logs have most; of the others that are listed here they have none that wait.
        let (source, logged) = match status {
            ListStatus::Retrying => (Source::Retry, Logged::Not),
            ListStatus::Exhausted => (Source::Failed, Logged::Not),
            _ => (status.source().unwrap_or(Source::Pending), Logged::Too),
        };
        let (mut source, mut after) = within.unwrap_or((source, String::new()));
        loop {
            self.calls += 1;
            let listing = Listing {
                account: self.listing.account,
                endpoint,
                filter: &filter,
                position: None,
                limit: self.listing.limit - self.len(),
            };
            let page = self
                .store
                .page_from_queue(&listing, source, &after, logged)
                .await?;
            let Some(page) = page else {
                return Ok(None);
            };
            self.page.has_gap |= page.has_gap;
            let of_chatbot = self.of_chatbot(page.deliveries.iter()).await?;
            let deliveries = page
                .deliveries
                .into_iter()
                .filter(|delivery| of_chatbot.has(delivery));
            self.page.deliveries.extend(deliveries);
            let Some(ListPosition::In {
                source: next,
                after: last,
            }) = page.next
            else {
                return Ok(None);
            };
            (source, after) = (next, last);
            if self.is_full() || self.calls >= MOST_CALLS {
                return Ok(Some((source, after)));
            }
        }
    }
}

/// Whether a queue comes at or behind the place where the page begins, and where it is read from.
#[expect(clippy::option_option, reason = "the inner one: from its start")]
fn begins(
    from: &mut Option<Queue>,
    statuses: &[ListStatus],
    status: ListStatus,
    endpoint: &EndpointId,
) -> Option<Option<(Source, String)>> {
    let Some((known, at)) = from.as_ref().and_then(|queue| queue.of.as_ref()) else {
        *from = None;
        return Some(None);
    };
    let place = |of: ListStatus| statuses.iter().position(|known| *known == of);
    let (here, there) = ((place(status), endpoint.as_str()), (place(*known), at.as_str()));
    if here < there {
        return None;
    }
    let is_same = here == there;
    let queue = from.take();
    Some(queue.and_then(|queue| queue.within).filter(|_| is_same))
}

/// Whether an endpoint may have deliveries in a state, by its counts.
fn may_have(endpoint: &Endpoint, status: ListStatus) -> bool {
    let is_active = endpoint.state == EndpointState::Active;
    let queue = &endpoint.queue;
    match status {
        ListStatus::InFlight => queue.in_flight > 0,
        ListStatus::Pending => is_active && queue.waiting > 0,
        ListStatus::Parked => !is_active && queue.waiting + queue.retrying > 0,
        ListStatus::Retrying => is_active && queue.retrying > 0,
        // These are not counted there.
        ListStatus::Quarantined | ListStatus::Succeeded | ListStatus::Exhausted => true,
    }
}

impl Store {
    /// The endpoints that have quarantined deliveries.
    async fn suspected_endpoints(&self) -> Result<HashSet<EndpointId>, StoreError> {
        let mut range = redis::cmd("ZRANGE");
        range.arg(self.keys().key("quarantine")).arg(0).arg(SUSPECTS);
        let found: Vec<String> = self
            .query(&range)
            .await
            .or_else(|error: StoreError| error.unless_overwritten(Vec::new()))?;
        let suspects = found.iter().filter_map(|text| text.parse::<DeliveryId>().ok());
        Ok(suspects.map(|delivery| delivery.endpoint()).collect())
    }

    /// Those of these endpoints that have deliveries that were given up.
    async fn failed_endpoints(&self, endpoints: &[Endpoint]) -> Result<HashSet<EndpointId>, StoreError> {
        if endpoints.is_empty() {
            return Ok(HashSet::new());
        }
        let mut count = redis::pipe();
        for endpoint in endpoints {
            count.zcard(self.keys().key(&format!("failed:{}", endpoint.id)));
        }
        let counts: Vec<u64> = self
            .query(&count)
            .await
            // Each is looked at then.
            .or_else(|error: StoreError| error.unless_overwritten(vec![1; endpoints.len()]))?;
        let counted = endpoints.iter().zip(counts).filter(|(_, count)| *count > 0);
        Ok(counted.map(|(endpoint, _)| endpoint.id.clone()).collect())
    }
}
