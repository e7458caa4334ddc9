//! Sums over all deliveries and events.

use std::collections::HashMap;

use super::super::ids::{EndpointKey, EventKey};
use super::super::places::Place;
use super::super::snapshot::Snapshot;

#[derive(Default)]
pub(super) struct Tally {
    /// How many unfinished deliveries each event has.
    pub(super) refs: HashMap<EventKey, i32>,
    /// How many deliveries are unfinished.
    pub(super) unfinished: i64,
    /// The sums over each endpoint's deliveries.
    pub(super) endpoints: HashMap<EndpointKey, OfEndpoint>,
    /// What each account, by its number, is charged for its unfinished events.
    pub(super) charged: HashMap<u32, i64>,
}

#[derive(Default)]
pub(super) struct OfEndpoint {
    /// How many are in flight.
    pub(super) leased: i64,
    /// How many entries its pending list has.
    pub(super) pending: i64,
    /// When its nearest retry is due.
    pub(super) nearest: Option<f64>,
    /// The payload bytes of its unfinished deliveries.
    pub(super) bytes: i64,
}

impl Tally {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut tally = Self::default();
        for (delivery, places) in snapshot.places.iter() {
            if places.iter().any(Place::is_unfinished) {
                let event = delivery.event();
                let bytes = snapshot.events.get(&event).map_or(0, |event| event.bytes);
                tally.of_endpoint(delivery.endpoint()).bytes += i64::from(bytes);
                *tally.refs.entry(event).or_default() += 1;
                tally.unfinished += 1;
            }
            for place in places {
                match *place {
                    Place::Leased => tally.of_endpoint(delivery.endpoint()).leased += 1,
                    Place::Pending(list) => tally.of_endpoint(list).pending += 1,
                    Place::Retry(set, due) => {
                        let nearest = &mut tally.of_endpoint(set).nearest;
                        *nearest = Some(nearest.map_or(due, |nearest| nearest.min(due)));
                    }
                    _ => {}
                }
            }
        }
        for event in snapshot.events.values().filter(|event| event.refs > 0) {
            *tally.charged.entry(event.account).or_default() += event.charge;
        }
        tally
    }

    fn of_endpoint(&mut self, endpoint: EndpointKey) -> &mut OfEndpoint {
        self.endpoints.entry(endpoint).or_default()
    }
}
