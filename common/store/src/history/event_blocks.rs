//! Finished events that were packed.

use std::collections::HashMap;

use ::history::{BlockId, Class, EventsDescriptor, FinishedEvent, HEAD, PROBES, Probe, unpack_events};
use domain::clock::Timestamp;
use domain::id::{AccountId, EventId};

use crate::scripts::{record, script};
use crate::{Store, StoreError};

/// Clocks of the API and of Redis may differ: the search begins this much before an event's acceptance (ms).
pub(super) const CLOCKS_DIFFER_MS: u64 = 3_600_000;

/// How many pairs of a block and an event one call looks at, and the most calls.
const PAIRS: usize = 500;
const CALLS: usize = 40;

script! {
    /// Which blocks of an account may have these events: descriptors, and where the next call begins, if there is more to look at.
    "history_lookup": AllowOom, Reads, needs [BASE];
    struct HistoryLookup<'a> {
        account: &'a AccountId,
        class: &'a str,
        /// A score, as Redis reads it.
        from: &'a str,
        /// How many blocks to look at.
        most: usize,
        /// In each block, how many bits stand in front of its filter, and how many bits of that an event sets.
        head: usize,
        probes: u32;
        each event: Vec<Sought>
    } -> (Option<String>, Vec<String>)
}

record! {
    struct Sought { time: u64, first: u32, second: u32 }
}

/// An event in a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedEvent {
    /// The block. Whoever changes something because of what it says names it: as long as it exists, that is what is kept.
    pub block: BlockId,
    /// What became of the event's deliveries.
    pub class: Class,
    /// The event, with its payload.
    pub event: FinishedEvent,
}

impl Store {
    /// An event of an account that was packed.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails.
    pub async fn packed_event(
        &self,
        account: &AccountId,
        event: &EventId,
    ) -> Result<Option<PackedEvent>, StoreError> {
        let mut found = self.packed_events(account, std::slice::from_ref(event)).await?;
        Ok(found.remove(event))
    }

    /// Those of these events that were packed. Each block is read once, and about as many blocks as have one of them.
    pub(crate) async fn packed_events(
        &self,
        account: &AccountId,
        events: &[EventId],
    ) -> Result<HashMap<EventId, PackedEvent>, StoreError> {
        let mut found = HashMap::new();
        // An event may be in both: then it was sent again, and exhausted.
        for class in [Class::Exhausted, Class::Delivered] {
            self.look_up(account, class, events, &mut found).await?;
        }
        Ok(found)
    }

    async fn look_up(
        &self,
        account: &AccountId,
        class: Class,
        events: &[EventId],
        found: &mut HashMap<EventId, PackedEvent>,
    ) -> Result<(), StoreError> {
        let missing = |found: &HashMap<_, _>| {
            let is_missing = |event: &&EventId| !found.contains_key(*event);
            events.iter().filter(is_missing).cloned().collect::<Vec<_>>()
        };
        let mut sought = missing(found);
        let accepted = sought.iter().map(|event| event.time().as_millis()).min();
        let mut from = accepted.map(|at| at.saturating_sub(CLOCKS_DIFFER_MS).to_string());
        for _ in 0..CALLS {
            let Some(score) = from.take().filter(|_| !sought.is_empty()) else {
                return Ok(());
            };
            let lookup = HistoryLookup {
                account,
                class: class.as_str(),
                from: &score,
                most: (PAIRS / sought.len()).max(8),
                head: HEAD * 8,
                probes: PROBES,
                event: sought.iter().map(Sought::of).collect(),
            };
            let (next, descriptors) = self.call(&lookup).await?;
            let blocks = descriptors.iter().filter_map(|text| text.parse().ok());
            for descriptor in blocks {
                let descriptor: EventsDescriptor = descriptor;
                let Some(block) = self.block(&descriptor.block, unpack_events).await? else {
                    continue;
                };
                let of_account = block.events.into_iter().filter(|_| block.account == *account);
                for event in of_account.filter(|event| sought.contains(&event.id)) {
                    let packed = PackedEvent {
                        block: descriptor.block.clone(),
                        class,
                        event,
                    };
                    found.insert(packed.event.id.clone(), packed);
                }
            }
            sought = missing(found);
            from = next;
        }
        Ok(())
    }
}

impl PackedEvent {
    /// When its last delivery had finished at the latest.
    pub(crate) fn finished_by(&self) -> Timestamp {
        let at = i64::try_from(self.event.finished_at.saturating_mul(1000)).ok();
        at.and_then(Timestamp::from_millis).unwrap_or_else(Timestamp::now)
    }
}

impl Sought {
    fn of(event: &EventId) -> Self {
        let Probe { first, second } = Probe::of(event);
        Self {
            time: event.time().as_millis(),
            first,
            second,
        }
    }
}
