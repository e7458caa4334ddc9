//! Finished events that were packed.

use std::collections::HashMap;

use ::history::{BlockId, Class, EventsDescriptor, FinishedEvent, HEAD, PROBES, Probe, unpack_events};
use domain::clock::Timestamp;
use domain::id::{AccountId, EventId};

use crate::scripts::{record, script};
use crate::{Store, StoreError};

/// Clocks of the API and of Redis may differ: the search begins this much before an event's acceptance (ms).
pub(super) const CLOCKS_DIFFER_MS: u64 = 3_600_000;

/// How many blocks one call looks at, and the most calls.
const BLOCKS: usize = 500;
const CALLS: usize = 200;

script! {
    /// Which blocks of an account may have these events: descriptors, and the one behind which there may be more.
    "history_lookup": AllowOom, Reads, needs [BASE, HERE];
    struct HistoryLookup<'a> {
        account: &'a AccountId,
        class: &'a str,
        after: &'a str,
        /// A time (ms).
        from: u64,
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
        let mut search = Search::of(class, &sought);
        while !sought.is_empty()
            && let Some(blocks) = self.next_blocks(account, &mut search, &sought).await?
        {
            for descriptor in blocks {
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
        }
        Ok(())
    }

    /// The next blocks that may have one of these events, the oldest first; `None` when all were looked at.
    pub(super) async fn next_blocks(
        &self,
        account: &AccountId,
        search: &mut Search,
        sought: &[EventId],
    ) -> Result<Option<Vec<EventsDescriptor>>, StoreError> {
        if search.calls == 0 {
            return Ok(None);
        }
        let lookup = HistoryLookup {
            account,
            class: search.class.as_str(),
            after: &search.after,
            from: search.from,
            most: BLOCKS,
            head: HEAD * 8,
            probes: PROBES,
            event: sought.iter().map(Sought::of).collect(),
        };
        let (next, descriptors) = self.call(&lookup).await?;
        search.calls -= 1;
        match next {
            Some(next) => {
                // Should that block have gone by then, the time tells where to go on.
                let reached: Option<EventsDescriptor> = next.parse().ok();
                search.from = search
                    .from
                    .max(reached.map_or(0, |block| block.finished.1 * 1000));
                search.after = next;
            }
            None => search.calls = 0,
        }
        Ok(Some(
            descriptors.iter().filter_map(|text| text.parse().ok()).collect(),
        ))
    }
}

/// Where a search of an account's blocks stands.
#[derive(Debug)]
pub(super) struct Search {
    class: Class,
    from: u64,
    after: String,
    /// How many more calls it may make.
    calls: usize,
}

impl Search {
    /// Begins a search for events.
    pub(super) fn of(class: Class, events: &[EventId]) -> Self {
        let accepted = events.iter().map(|event| event.time().as_millis()).min();
        Self {
            class,
            from: accepted.map_or(0, |at| at.saturating_sub(CLOCKS_DIFFER_MS)),
            after: String::new(),
            calls: CALLS,
        }
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
