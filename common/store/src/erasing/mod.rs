//! Erasing an event: a person's right to be forgotten.
//!
//! What is kept of an event is in many places: its payload beside the blocks or in one (`history::erasing`), what receivers
//! answered in the logs of endpoints (`answers`), and its unfinished deliveries, wherever they wait (`unfinished`). Each place is
//! cleared in a step of its own, and each step may be repeated, so whoever dies in the middle begins anew. In between nothing comes back:
//! the first step leaves a mark in the place of the payload (`event_erase.lua`), with which nobody can send the event again. The answers
//! go last, since by then no attempt of the event can be reported any more.

mod answers;

mod unfinished;

pub(crate) use answers::LogErase;
pub(crate) use unfinished::Spot;

use ::history::FinishedEvent;
use domain::id::{AccountId, EndpointId, EventId};

use crate::scripts::{answered_in_words, record, script};
use crate::{Store, StoreError};

/// How many deliveries one call ends.
pub(crate) const STEP: usize = 16;

/// How often the unfinished deliveries are looked for. They may move while they are: the rest ends when its turn comes.
const LOOKS: usize = 4;

script! {
    /// Takes an event's payload away, and cancels those of its deliveries that were found.
    "event_erase": AllowOom, Writes, needs [PENDING, TERMS, DELIVERIES, PLACES, TAKEN, HERE];
    struct EventErase<'a> {
        account: &'a AccountId,
        event: &'a EventId,
        /// What a block has of it; empty if it is in none.
        kind: &'a str,
        deliveries: &'a str,
        accepted_at: &'a str;
        each spot: Vec<SpotRecord<'a>>
    } -> Erasure
}

record! {
    struct SpotRecord<'a> { queue: &'a str, text: &'a str }
}

/// What came of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Erasure {
    /// It has no payload; so many of its deliveries are unfinished still.
    Erased(u32),
    /// Nothing is kept of such an event.
    Unknown,
}

answered_in_words! {
    Erasure { "erased" => Erased(unfinished), "" => Unknown }
}

impl Store {
    /// Erases an event of this account: its payload everywhere, and what receivers answered to its attempts. Those of its deliveries
    /// that wait or are in flight are canceled. Answers `false` if nothing is known of such an event. Repeating it changes nothing more.
    ///
    /// An attempt that is under way goes on; nothing is kept of its outcome.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails: then ask again. [`StoreError::UpgradePending`] while programs of an older release are connected.
    pub async fn erase_event(&self, account: &AccountId, event: &EventId) -> Result<bool, StoreError> {
        let endpoints = self.endpoint_ids(account).await?;
        let mut erasing = Erasing {
            store: self,
            account,
            event,
            packed: None,
        };
        let mut erased = erasing.step(&[]).await?;
        if erased == Erasure::Unknown {
            // It is nowhere but in a block, or was packed a moment ago.
            let packed = self.packed_event(account, event).await?;
            erasing.packed = packed.map(|packed| packed.event);
            erased = erasing.step(&[]).await?;
        }
        match erased {
            Erasure::Erased(unfinished) => {
                erasing.end_deliveries(&endpoints, unfinished).await?;
                self.erase_packed(account, event).await?;
                // What has finished by this is no longer among what has a payload.
                erasing.step(&[]).await?;
            }
            Erasure::Unknown if self.trace_event(account, event).await?.is_none() => return Ok(false),
            Erasure::Unknown => {}
        }
        for endpoint in &endpoints {
            self.erase_answers(account, endpoint, event).await?;
        }
        Ok(true)
    }
}

/// How the ids of an event's deliveries begin.
pub(crate) fn stem_of(event: &EventId) -> String {
    format!("dlv_{}_", event.as_str().trim_start_matches("evt_"))
}

/// What all steps have in common.
struct Erasing<'a> {
    store: &'a Store,
    account: &'a AccountId,
    event: &'a EventId,
    /// What a block has of it.
    packed: Option<FinishedEvent>,
}

impl Erasing<'_> {
    /// Ends those that are unfinished, as far as they are found.
    async fn end_deliveries(&self, endpoints: &[EndpointId], unfinished: u32) -> Result<(), StoreError> {
        let mut left = unfinished;
        for _ in 0..LOOKS {
            if left == 0 {
                break;
            }
            let spots = self
                .store
                .unfinished_deliveries(endpoints, &stem_of(self.event))
                .await?;
            for spots in spots.chunks(STEP) {
                if let Erasure::Erased(unfinished) = self.step(spots).await? {
                    left = unfinished;
                }
            }
        }
        Ok(())
    }

    async fn step(&self, spots: &[Spot]) -> Result<Erasure, StoreError> {
        let packed = self.packed.as_ref();
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        self.store
            .call(&EventErase {
                account: self.account,
                event: self.event,
                kind: packed.map_or("", |event| &event.kind),
                deliveries: &number(packed.map(|event| event.deliveries.into())),
                accepted_at: &number(packed.map(|event| event.accepted_at)),
                spot: spots.iter().map(Spot::record).collect(),
            })
            .await
    }
}
