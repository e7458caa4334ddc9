//! The deliveries of the model: each goes through the state machine of `domain`, and is where Redis has it.
//!
//! An operation says which transitions deliveries take, [`DeliveryState::after`] says where these lead, and Redis must have
//! each delivery there. What the scripts move on their own (a retry that is due, a queue that upkeep works through) the model
//! follows, by transitions that the operation may bring about and no others.

use domain::delivery::{DeliveryState, Transition};
use domain::endpoint::EndpointState;
use domain::id::{DeliveryId, EndpointId};
use store::check::{Place, Snapshot};

use super::Model;

#[derive(Debug)]
pub(super) struct ModelDelivery {
    pub(super) state: DeliveryState,
    pub(super) attempts: u32,
    /// How often its endpoint was held because of it.
    pub(super) holds: u32,
    /// Model time before which it must not be attempted again.
    pub(super) not_before: u64,
    /// It was asked for by hand: its failures are no strikes.
    pub(super) is_manual: bool,
    /// Where it was attempted last.
    pub(super) url: String,
    /// It was canceled because its event was erased.
    pub(super) is_erased: bool,
}

impl ModelDelivery {
    /// Whether the log knows of it.
    pub(super) fn is_logged(&self) -> bool {
        self.attempts + self.holds > 0
            || matches!(self.state, DeliveryState::Succeeded | DeliveryState::Exhausted)
            || self.is_erased
    }
}

impl Model {
    /// A delivery was made.
    pub(super) fn add(&mut self, id: DeliveryId, is_manual: bool) {
        let delivery = ModelDelivery {
            state: DeliveryState::Pending,
            attempts: 0,
            holds: 0,
            not_before: 0,
            is_manual,
            url: String::new(),
            is_erased: false,
        };
        self.deliveries.insert(id.clone(), delivery);
        self.park_at_inactive(&id);
    }

    /// A delivery takes a transition, which the state machine must allow.
    pub(super) fn take(&mut self, id: &DeliveryId, transition: Transition) {
        self.take_alone(id, transition);
        self.park_at_inactive(id);
    }

    fn take_alone(&mut self, id: &DeliveryId, transition: Transition) {
        let delivery = self.deliveries.get_mut(id).expect("a delivery that was made");
        let next = delivery.state.after(transition);
        self.taken.insert((delivery.state, transition));
        delivery.is_erased |= transition == Transition::Erased;
        delivery.state =
            next.unwrap_or_else(|| panic!("{id} is {} and can't take {transition:?}", delivery.state));
    }

    /// What comes to an endpoint that isn't active is parked at once.
    fn park_at_inactive(&mut self, id: &DeliveryId) {
        let endpoint = self
            .endpoints
            .iter()
            .find(|endpoint| endpoint.id == id.endpoint());
        let is_inactive = endpoint.is_some_and(|endpoint| endpoint.state != EndpointState::Active);
        if is_inactive && self.deliveries[id].state.after(Transition::Parked).is_some() {
            self.take_alone(id, Transition::Parked);
        }
    }

    /// The model's time is that of its next attempt, or later. (The real clock runs on beside it.)
    pub(super) fn assert_due(&self, id: &DeliveryId) {
        let not_before = self.deliveries[id].not_before;
        assert!(not_before <= self.now + 20_000, "{id} came before it was due");
    }

    /// Every delivery of an endpoint that can take a transition takes it.
    pub(super) fn all_take(&mut self, endpoint: &EndpointId, transition: Transition) {
        let of_endpoint = self
            .deliveries
            .iter()
            .filter(|(id, _)| id.endpoint() == *endpoint);
        let can: Vec<_> = of_endpoint
            .filter(|(_, delivery)| delivery.state.after(transition).is_some())
            .map(|(id, _)| id.clone())
            .collect();
        for id in can {
            self.take_alone(&id, transition);
        }
    }

    /// Follows what the scripts moved: each delivery that waits and that Redis has in another state took one of these
    /// transitions. [`Model::compare`] notices what took none of them. Deliveries that the operation itself moved are not
    /// followed any further.
    pub(super) async fn follow(&mut self, transitions: &[Transition], moved: &[DeliveryId]) {
        let snapshot = self.snapshot().await;
        let waits = |state: DeliveryState| state != DeliveryState::InFlight && !state.is_final();
        let taken: Vec<_> = self
            .deliveries
            .iter()
            .filter(|(id, delivery)| waits(delivery.state) && !moved.contains(id))
            .filter_map(|(id, delivery)| {
                let seen = seen(&snapshot, id).filter(|seen| *seen != delivery.state)?;
                let mut all = transitions.iter();
                let taken = all.find(|transition| delivery.state.after(**transition) == Some(seen))?;
                Some((id.clone(), *taken))
            })
            .collect();
        for (id, transition) in taken {
            if transition == Transition::Due {
                self.assert_due(&id);
            }
            self.take(&id, transition);
        }
    }

    pub(super) fn compare_state(&self, snapshot: &Snapshot, id: &DeliveryId) {
        let (state, seen) = (self.deliveries[id].state, seen(snapshot, id));
        assert!(
            seen.map_or(state.is_final(), |seen| seen == state),
            "{id} is {state} and in {:?}, that is {seen:?}",
            snapshot.places.of(id.as_str())
        );
    }

    /// Redis has every delivery in the state that the model has it in, and has counted the ends.
    pub(super) fn compare_states(&self, snapshot: &Snapshot) {
        for id in self.deliveries.keys() {
            self.compare_state(snapshot, id);
        }
        let count = |state: DeliveryState| {
            let deliveries = self.deliveries.iter();
            deliveries.filter(move |(_, delivery)| delivery.state == state)
        };
        let is_swept = |id: &DeliveryId| !snapshot.places.of(id.as_str()).iter().any(Place::is_unfinished);
        for (name, expected) in [
            ("deliveries", self.deliveries.len()),
            ("succeeded", count(DeliveryState::Succeeded).count()),
            ("exhausted", count(DeliveryState::Exhausted).count()),
            (
                "canceled",
                count(DeliveryState::Canceled)
                    .filter(|(id, _)| is_swept(id))
                    .count(),
            ),
        ] {
            assert_eq!(snapshot.stats.number(name), expected as i64, "{name}");
        }
    }
}

/// The state that a delivery is in by where Redis has it; `None` when that is nowhere, and no record says how it ended.
fn seen(snapshot: &Snapshot, id: &DeliveryId) -> Option<DeliveryState> {
    let place = match snapshot.places.of(id.as_str()) {
        [] => {
            return snapshot
                .records
                .get(&id.as_str().parse().unwrap())
                .map(|record| record.state);
        }
        [place] => place,
        places => panic!("{id} is in {places:?}"),
    };
    let endpoint = snapshot.endpoints.get(id.endpoint().as_str());
    let waits = |state| match endpoint {
        Some(endpoint) if endpoint.state == "active" => state,
        _ => DeliveryState::Parked,
    };
    Some(match place {
        Place::Pending(_) => waits(DeliveryState::Pending),
        Place::Retry(..) => waits(DeliveryState::Retrying),
        Place::Quarantined => waits(DeliveryState::Quarantined),
        Place::Leased => DeliveryState::InFlight,
        Place::SetAside(queue) => {
            let key = &snapshot.set_aside[*queue as usize];
            match snapshot.is_released(key) {
                true if key.ends_with(":pending") => waits(DeliveryState::Pending),
                true => waits(DeliveryState::Retrying),
                false => DeliveryState::Canceled,
            }
        }
        Place::Failed(_) | Place::Forgotten(_) => DeliveryState::Exhausted,
        Place::Canceled(_) => DeliveryState::Canceled,
    })
}
