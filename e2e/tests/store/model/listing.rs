//! Listings in the model: pages that are read while other things happen.

use std::collections::HashSet;

use domain::delivery::DeliveryState;
use domain::id::{DeliveryId, EndpointId};
use store::log::{DeliverySummary, ListFilter, ListPosition};

use super::Model;
use crate::fixture::account;

/// A listing that is being paged through while other things happen.
pub(super) struct Listing {
    endpoint: EndpointId,
    /// What was in the log when the first page was read.
    expected: HashSet<DeliveryId>,
    seen: Vec<DeliveryId>,
    next: Option<ListPosition>,
}

impl Model {
    pub(super) async fn list(&mut self, endpoint: usize) {
        let mut listing = match self.listing.take() {
            Some(listing) => listing,
            None => {
                let Some(endpoint) = self.endpoints.get(endpoint).map(|endpoint| endpoint.id.clone()) else {
                    return;
                };
                Listing {
                    expected: self.logged_of(&endpoint),
                    endpoint,
                    seen: vec![],
                    next: None,
                }
            }
        };
        let page = self
            .fixture
            .store
            .list_deliveries(&store::log::Listing {
                account: &account(),
                endpoint: &listing.endpoint,
                filter: &ListFilter::default(),
                position: listing.next.as_ref(),
                limit: 2,
            })
            .await
            .unwrap();
        let Some(page) = page else {
            return; // its endpoint was removed
        };
        for delivery in page.deliveries {
            self.compare_listed(&delivery);
            listing.seen.push(delivery.id);
        }
        listing.next = page.next;
        if listing.next.is_some() {
            self.listing = Some(listing);
            return;
        }
        let seen: HashSet<_> = listing.seen.iter().cloned().collect();
        assert_eq!(seen.len(), listing.seen.len(), "a delivery was listed twice");
        assert!(seen.is_subset(&listing.expected), "what came later was listed");
        for missing in listing.expected.difference(&seen) {
            let is_excused = self.packing.has_forgotten(missing)
                || self.deliveries[missing].state == DeliveryState::Canceled;
            assert!(is_excused, "{missing} was skipped");
        }
    }

    fn logged_of(&self, endpoint: &EndpointId) -> HashSet<DeliveryId> {
        self.deliveries
            .iter()
            .filter(|(id, delivery)| id.endpoint() == *endpoint && delivery.is_logged())
            .map(|(id, _)| id.clone())
            .collect()
    }

    fn compare_listed(&self, listed: &DeliverySummary) {
        let state = self.deliveries[&listed.id].state;
        let fits = match state {
            DeliveryState::Quarantined => listed.state == DeliveryState::Pending,
            // Until upkeep has worked through it, it is what it was.
            DeliveryState::Canceled => !matches!(
                listed.state,
                DeliveryState::Succeeded | DeliveryState::Exhausted | DeliveryState::InFlight
            ),
            _ => listed.state == state,
        };
        assert!(fits, "{listed:?} is {state}");
    }
}
