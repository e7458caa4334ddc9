//! Where the walk saw each delivery.

use std::collections::HashMap;

use super::ids::{DeliveryKey, EndpointKey};

/// A place where a delivery can be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Place {
    /// In an endpoint's pending list.
    Pending(EndpointKey),
    /// In an endpoint's retry set, due at that time.
    Retry(EndpointKey, f64),
    /// In `leases`.
    Leased,
    /// In `quarantine`.
    Quarantined,
    /// In a queue that a script set aside, to release or cancel it: its number in `Snapshot::set_aside`.
    SetAside(u32),
    /// In an endpoint's set of exhausted deliveries.
    Failed(EndpointKey),
    /// Among those of an endpoint that were canceled, and may be sent again.
    Canceled(EndpointKey),
    /// In a set of exhausted deliveries that a script set aside: its number in `Snapshot::set_aside`.
    Forgotten(u32),
}

impl Place {
    /// Whether deliveries in this place are unfinished.
    #[must_use]
    pub const fn is_unfinished(&self) -> bool {
        !matches!(self, Self::Failed(_) | Self::Canceled(_) | Self::Forgotten(_))
    }
}

/// The places of all deliveries: 56 bytes for each, unless it is in several, which it shouldn't.
#[derive(Debug, Clone, Default)]
pub struct Places(HashMap<DeliveryKey, Seen>);

#[derive(Debug, Clone)]
enum Seen {
    Once(Place),
    Often(Box<[Place]>),
}

impl Seen {
    fn as_slice(&self) -> &[Place] {
        match self {
            Self::Once(place) => std::slice::from_ref(place),
            Self::Often(places) => places,
        }
    }
}

impl Places {
    /// The places of a delivery; none for a text that is no delivery's id.
    #[must_use]
    pub fn of(&self, delivery: &str) -> &[Place] {
        delivery.parse().map_or(&[], |delivery| self.of_key(&delivery))
    }

    /// The places of a delivery.
    #[must_use]
    pub fn of_key(&self, delivery: &DeliveryKey) -> &[Place] {
        self.0.get(delivery).map_or(&[], Seen::as_slice)
    }

    /// Each delivery with its places, of which there is one at least.
    pub fn iter(&self) -> impl Iterator<Item = (&DeliveryKey, &[Place])> {
        self.0
            .iter()
            .map(|(delivery, found)| (delivery, found.as_slice()))
    }

    /// How many deliveries are in a place where they are unfinished.
    #[must_use]
    pub fn unfinished(&self) -> usize {
        self.iter()
            .filter(|(_, places)| places.iter().any(Place::is_unfinished))
            .count()
    }

    pub(super) fn retain(&mut self, stays: impl Fn(&DeliveryKey) -> bool) {
        self.0.retain(|delivery, _| stays(delivery));
    }

    pub(super) fn add(&mut self, delivery: DeliveryKey, place: Place) {
        match self.0.get_mut(&delivery) {
            None => {
                self.0.insert(delivery, Seen::Once(place));
            }
            Some(found) => *found = Seen::Often([found.as_slice(), &[place]].concat().into()),
        }
    }
}

#[cfg(test)]
mod tests;
