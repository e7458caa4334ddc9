//! What a script needs of an event that was packed, to send it again.

use crate::history::PackedEvent;
use crate::scripts::record;
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
