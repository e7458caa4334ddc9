//! In which chatbot an event happened. Only its payload says that: one that is no longer kept is of none.

use std::collections::HashSet;

use super::super::DeliverySummary;
use super::Filling;
use crate::scripts::script;
use crate::{Store, StoreError};
use domain::event::chatbot_of;
use domain::id::{AccountId, EventId};

/// How many payloads one call looks at.
const AT_A_TIME: usize = 25;

script! {
    /// The beginnings of events' payloads: their types and chatbots stand there.
    "event_heads": AllowOom, Reads, needs [BASE, HERE];
    struct EventHeads<'a> { account: &'a AccountId; each event: &'a [EventId] } -> Vec<String>
}

/// Which of some events are of the chatbot that is asked for; `None`: nobody asks.
pub(super) struct OfChatbot(Option<HashSet<EventId>>);

impl OfChatbot {
    pub(super) fn has(&self, delivery: &DeliverySummary) -> bool {
        self.0
            .as_ref()
            .is_none_or(|events| events.contains(&delivery.id.event()))
    }
}

impl Filling<'_> {
    /// Which events of these deliveries are of the chatbot that is asked for.
    pub(super) async fn of_chatbot(
        &self,
        deliveries: impl Iterator<Item = &DeliverySummary>,
    ) -> Result<OfChatbot, StoreError> {
        let Some(chatbot) = &self.listing.filter.chatbot else {
            return Ok(OfChatbot(None));
        };
        let mut events: Vec<EventId> = deliveries.map(|delivery| delivery.id.event()).collect();
        events.sort_by(|one, other| one.as_str().cmp(other.as_str()));
        events.dedup();
        let found = self.store.chatbots_of(self.listing.account, &events).await?;
        let found = found.into_iter().filter(|(_, of)| of == chatbot);
        Ok(OfChatbot(Some(found.map(|(event, _)| event).collect())))
    }
}

impl Store {
    /// The chatbots of these events, as far as their payloads are kept.
    async fn chatbots_of(
        &self,
        account: &AccountId,
        events: &[EventId],
    ) -> Result<Vec<(EventId, String)>, StoreError> {
        let (mut found, mut missing) = (Vec::new(), Vec::new());
        for event in events.chunks(AT_A_TIME) {
            let heads = self.call(&EventHeads { account, event }).await?;
            for (event, head) in event.iter().zip(heads) {
                if head.is_empty() {
                    missing.push(event.clone());
                } else {
                    found.extend(chatbot_of(head.as_bytes()).map(|chatbot| (event.clone(), chatbot)));
                }
            }
        }
        for (event, packed) in self.packed_events(account, &missing).await? {
            found.extend(chatbot_of(&packed.event.body).map(|chatbot| (event, chatbot)));
        }
        Ok(found)
    }
}
