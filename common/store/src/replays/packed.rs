//! What scripts need of events that were packed, to send them again.

use crate::history::PackedEvent;
use crate::scripts::record;
use domain::id::DeliveryId;
use history::Class;

record! {
    /// An event in a block, from which the script makes it anew.
    struct PackedSource<'a> {
        block: String,
        kind: &'a str,
        body: &'a [u8],
        charge: u64,
        again: u32,
        failed: bool,
        accepted_at: u64,
        deliveries: u32
    }
}

record! {
    /// What a step of a replay of many comes to next: a place, the delivery that it sends again, and its event if that was packed.
    struct PackedStep<'a> {
        stands_at: &'a str,
        delivery: Option<&'a DeliveryId>,
        is_gone: bool,
        block: Option<String>,
        kind: &'a str,
        body: &'a [u8],
        charge: u64,
        again: u32,
        failed: bool,
        accepted_at: u64,
        deliveries: u32
    }
}

impl<'a> PackedStep<'a> {
    /// Of a place, and what was found there. `is_gone`: the event is nowhere any more.
    pub(super) fn of(
        stands_at: &'a str,
        delivery: Option<&'a DeliveryId>,
        packed: Option<&'a PackedEvent>,
        is_gone: bool,
    ) -> Self {
        let event = packed.map(|packed| &packed.event);
        Self {
            stands_at,
            delivery,
            is_gone,
            block: packed.map(|packed| packed.block.to_string()),
            kind: event.map_or("", |event| &event.kind),
            body: event.map_or(&[], |event| &event.body),
            charge: event.map_or(0, |event| event.charge),
            again: event.map_or(0, |event| event.again),
            failed: packed.is_some_and(|packed| packed.class == Class::Exhausted),
            accepted_at: event.map_or(0, |event| event.accepted_at),
            deliveries: event.map_or(0, |event| event.deliveries),
        }
    }
}

impl<'a> From<&'a PackedEvent> for PackedSource<'a> {
    fn from(packed: &'a PackedEvent) -> Self {
        let event = &packed.event;
        Self {
            block: packed.block.to_string(),
            kind: &event.kind,
            body: &event.body,
            charge: event.charge,
            again: event.again,
            failed: packed.class == Class::Exhausted,
            accepted_at: event.accepted_at,
            deliveries: event.deliveries,
        }
    }
}
