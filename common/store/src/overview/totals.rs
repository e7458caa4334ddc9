//! An overview in a few numbers. Each unfinished delivery counts once.

use std::collections::BTreeMap;

use domain::clock::Timestamp;
use domain::id::{DeliveryId, EndpointId};

use super::Overview;

/// An overview in a few numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// Deliveries that wait for their turn at endpoints that may be served.
    pub waiting: u64,
    /// Deliveries that wait for their turn at endpoints whose receivers have asked us to wait.
    pub held: u64,
    /// Deliveries in flight.
    pub in_flight: u64,
    /// Deliveries that failed, and wait for their next attempt.
    pub retrying: u64,
    /// Those of them that are due within the hour.
    pub due_within_hour: u64,
    /// Deliveries of endpoints that aren't active.
    pub parked: u64,
    /// Deliveries that lost three leases.
    pub quarantined: u64,
    /// Deliveries that succeeded within about an hour.
    pub succeeded: u64,
    /// Deliveries that were exhausted within about an hour.
    pub exhausted: u64,
    /// Attempts that failed within about an hour.
    pub failed: u64,
    /// Bytes of unfinished payloads.
    pub bytes: u64,
    /// The endpoints that were looked at, by state.
    pub endpoints: BTreeMap<String, u64>,
    /// Endpoints at which deliveries wait, because they have as many in flight as they may.
    pub at_cap: u64,
    /// Active endpoints whose answers take long.
    pub slow: u64,
    /// The delivery that waits longest for its turn.
    pub oldest: Option<Oldest>,
}

/// The delivery that waits longest for its turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oldest {
    /// Its endpoint.
    pub endpoint: EndpointId,
    /// Which it is.
    pub delivery: DeliveryId,
    /// When its event was accepted.
    pub accepted_at: Timestamp,
}

impl Overview {
    /// Adds it all up.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = Totals {
            in_flight: self.leases,
            quarantined: self.quarantined,
            ..Totals::default()
        };
        for (id, load) in &self.endpoints {
            *totals.endpoints.entry(load.state.clone()).or_default() += 1;
            let waiting = if load.held_until.is_some() {
                &mut totals.held
            } else {
                &mut totals.waiting
            };
            *waiting += load.waiting;
            totals.retrying += load.retrying;
            totals.due_within_hour += load.due_within_hour;
            totals.parked += load.parked;
            totals.at_cap += u64::from(load.is_at_cap());
            totals.slow += u64::from(load.is_active() && load.is_slow);
            let first = load.first.as_ref().zip(load.oldest());
            if let Some((delivery, accepted_at)) = first
                && totals
                    .oldest
                    .as_ref()
                    .is_none_or(|oldest| accepted_at < oldest.accepted_at)
            {
                totals.oldest = Some(Oldest {
                    endpoint: id.clone(),
                    delivery: delivery.clone(),
                    accepted_at,
                });
            }
        }
        for load in self.accounts.values() {
            totals.bytes += load.bytes;
            totals.succeeded += load.succeeded;
            totals.exhausted += load.exhausted;
            totals.failed += load.failed;
        }
        totals
    }
}
