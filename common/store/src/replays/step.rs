//! Steps of replays of many whose sources may have been packed: Redis can't unpack them, so a worker does, and hands them to a script that
//! makes the deliveries. Upkeep says which replays want a step.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::delivery::DeliveryState;
use domain::id::{AccountId, DeliveryId, EndpointId, EventId, ReplayId};

use super::packed::PackedStep;
use super::{ReplayStatus, events_of};
use crate::history::PackedEvent;
use crate::log::{EntryId, LoggedAttempt, RawEntry, Within};
use crate::scripts::{answered, script};
use crate::{Store, StoreError};

/// The most bytes of payloads that one step hands over, unless a single one is larger.
const MOST_BYTES: usize = 4 << 20;

/// The most blocks of a log that one step unpacks, if they have nothing that it takes.
const MOST_UNPACKED: usize = 4;

script! {
    /// What a replay of many takes next, as far as it isn't packed; `None` if it has ended.
    "replay_look": AllowOom, Reads, needs [REPLAYS];
    struct ReplayLook<'a> { replay: &'a ReplayId } -> Option<Look>
}

script! {
    /// One step of a replay of many whose sources may have been packed.
    "replay_step": DenyOom, Writes, needs [RESTORE];
    struct ReplayStep<'a> {
        replay: &'a ReplayId,
        /// Where it stood.
        position: &'a str,
        has_more: bool;
        each packed: Vec<PackedStep<'a>>
    } -> ()
}

/// What comes next, and where the replay stands then.
type Source = (String, Option<DeliveryId>);

/// Where a replay stands.
pub(crate) struct Look {
    endpoint: EndpointId,
    account: AccountId,
    status: ReplayStatus,
    events: String,
    position: String,
    until: u64,
    /// How many deliveries there is room for.
    most: usize,
    sources: Vec<Source>,
    has_more: bool,
}

answered! { Look { endpoint, account, status, events, position, until, most, sources, has_more } }

impl Store {
    /// Takes one step of a replay of many.
    pub(crate) async fn step_replay(&self, replay: &ReplayId) -> Result<(), StoreError> {
        let Some(mut look) = self.call(&ReplayLook { replay }).await? else {
            return Ok(());
        };
        if look.status == ReplayStatus::Succeeded {
            self.take_from_blocks(&mut look).await?;
        }
        let events: Vec<EventId> = look
            .sources
            .iter()
            .filter_map(|(_, delivery)| delivery.as_ref())
            .filter(|delivery| !delivery.is_replay())
            .map(DeliveryId::event)
            .collect();
        let mut packed = self.packed_events(&look.account, &events).await?;
        let gone = self.gone_of(&look.account, &events, &mut packed).await?;
        let fitting = fitting(&look.sources, &packed);
        let step = ReplayStep {
            replay,
            position: &look.position,
            has_more: look.has_more || fitting < look.sources.len(),
            packed: look
                .sources
                .iter()
                .take(fitting)
                .map(|(position, delivery)| {
                    let event = delivery.as_ref().map(DeliveryId::event);
                    let found = event.as_ref().and_then(|event| packed.get(event));
                    let is_gone = event.is_some_and(|event| gone.contains(&event));
                    PackedStep::of(position, delivery.as_ref(), found, is_gone)
                })
                .collect(),
        };
        self.call(&step).await
    }

    /// Those of these events that are nowhere any more. Events get into blocks from beside them: so what is not beside them, and in no
    /// block afterwards, is gone. Enters what was packed since the first look in `packed`.
    async fn gone_of(
        &self,
        account: &AccountId,
        events: &[EventId],
        packed: &mut HashMap<EventId, PackedEvent>,
    ) -> Result<HashSet<EventId>, StoreError> {
        let mut missing: Vec<EventId> = events
            .iter()
            .filter(|event| !packed.contains_key(*event))
            .cloned()
            .collect();
        if missing.is_empty() {
            return Ok(HashSet::new());
        }
        let mut beside = redis::pipe();
        beside.ignore_errors(); // a key that something else has overwritten is no event
        for event in &missing {
            let key = self.keys().key(&format!("event:{event}"));
            beside.add_command(redis::cmd("HSTRLEN").arg(key).arg("body").take());
        }
        let lengths: Vec<redis::RedisResult<redis::Value>> = self.query(&beside).await?;
        let mut is_beside = lengths
            .into_iter()
            .map(|length| matches!(length, Ok(redis::Value::Int(1..))));
        missing.retain(|_| !is_beside.next().unwrap_or(false));
        packed.extend(self.packed_events(account, &missing).await?);
        Ok(missing
            .into_iter()
            .filter(|event| !packed.contains_key(event))
            .collect())
    }

    /// Puts what was packed of the log in front of what the stream has. The stream was read before: see `log::older` why none is
    /// missed.
    async fn take_from_blocks(&self, look: &mut Look) -> Result<(), StoreError> {
        let Some(after) = place(&look.position) else {
            return Ok(());
        };
        let stream_from = look.sources.first().and_then(|(position, _)| place(position));
        let events = Arc::new(events_of(&look.events));
        let mut found: Vec<Source> = Vec::new();
        for block in self
            .log_blocks_after(&look.endpoint, after.into(), MOST_UNPACKED)
            .await?
        {
            let (first, last) = (EntryId::from(block.first), EntryId::from(block.last));
            if stream_from.is_some_and(|from| first >= from) || first.time().as_millis() > look.until {
                break;
            }
            let (until, events) = (look.until, Arc::clone(&events));
            let is_sought =
                move |entry: &RawEntry| entry.id.time().as_millis() <= until && is_source(entry, &events);
            let room = look.most.saturating_sub(found.len());
            let next = Within {
                after,
                before: stream_from.unwrap_or(EntryId::MAX),
                most: room + 1,
                ..Within::ALL
            };
            let sought = self.entries_of_block(&block, next, is_sought).await?;
            let is_whole = sought.as_ref().is_none_or(|sought| sought.len() <= room);
            let sources = sought.into_iter().flatten().take(room);
            let source = |entry: RawEntry| {
                let attempt = entry.attempt();
                (behind(entry.id), attempt.map(|attempt| attempt.delivery.clone()))
            };
            found.extend(sources.map(source));
            if !is_whole || found.len() >= look.most {
                break;
            }
            // Nothing more in this block, up to where the stream began.
            let end = stream_from.map_or(last, |from| last.min(from.just_before()));
            found.push((behind(end), None));
        }
        if !found.is_empty() {
            look.sources = found;
            look.has_more = true;
        }
        Ok(())
    }
}

/// How many of the sources go into one step.
fn fitting(sources: &[Source], packed: &HashMap<EventId, PackedEvent>) -> usize {
    let mut bytes = 0;
    let is_too_much = |(_, delivery): &Source| {
        let event = delivery
            .as_ref()
            .and_then(|delivery| packed.get(&delivery.event()));
        bytes += event.map_or(0, |packed| packed.event.body.len());
        bytes > MOST_BYTES
    };
    let fitting = sources.iter().position(is_too_much);
    fitting.map_or(sources.len(), |number| number.max(1))
}

/// The entry that a position is behind, or the place that it begins at: `(<id>`, or a time (ms).
pub(super) fn place(position: &str) -> Option<EntryId> {
    match position.strip_prefix('(') {
        Some(id) => id.parse().ok(),
        None => Some(format!("{position}-0").parse::<EntryId>().ok()?.just_before()),
    }
}

fn behind(id: EntryId) -> String {
    format!("({id}")
}

/// Whether a replay of what succeeded takes it, or counts it as left out.
fn is_source(entry: &RawEntry, events: &[String]) -> bool {
    entry
        .attempt()
        .is_some_and(|attempt| is_succeeded(attempt, events))
}

/// Whether it is an attempt, of which a replay of what succeeded with events of these types takes the delivery, unless that is a replay.
pub(super) fn is_succeeded(attempt: &LoggedAttempt, events: &[String]) -> bool {
    let is_of_type = events.is_empty() || events.contains(&attempt.event);
    attempt.outcome == DeliveryState::Succeeded && !attempt.is_test && is_of_type
}

#[cfg(test)]
mod tests;
