//! Listings in the model: pages that are read while other things happen.

use std::collections::HashSet;

use domain::delivery::DeliveryState;
use domain::endpoint::EndpointState;
use domain::id::{DeliveryId, EndpointId};
use store::log::{DeliverySummary, ListFilter, ListPosition};

use super::{Fate, Model};
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
            assert_eq!(
                self.deliveries[missing].fate,
                Fate::Canceled,
                "{missing} was skipped"
            );
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
        let delivery = &self.deliveries[&listed.id];
        let is_active = self.state_of(&listed.id.endpoint()) == EndpointState::Active;
        let fits = match delivery.fate {
            Fate::Waiting if is_active => {
                matches!(listed.state, DeliveryState::Pending | DeliveryState::Retrying)
            }
            Fate::Waiting => listed.state == DeliveryState::Parked,
            Fate::Leased => listed.state == DeliveryState::InFlight,
            Fate::Succeeded => listed.state == DeliveryState::Succeeded,
            Fate::Exhausted => listed.state == DeliveryState::Exhausted,
            // Until upkeep has worked through it, it is what it was.
            Fate::Canceled => !matches!(
                listed.state,
                DeliveryState::Succeeded | DeliveryState::Exhausted | DeliveryState::InFlight
            ),
        };
        assert!(fits, "{listed:?} is {:?}", delivery.fate);
    }
}
