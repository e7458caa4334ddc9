//! What became of an event.

use domain::clock::Timestamp;
use domain::event::chatbot_of;
use domain::id::{AccountId, DeliveryId, EventId};

use super::{DeliveryPlace, DeliveryStory};
use crate::log::UnmatchedReason;
use crate::{Store, StoreError};

/// How many deliveries are looked for in the log, one by one, when nothing else tells of them.
const SOUGHT: usize = 20;

/// What became of an event.
#[derive(Debug, Clone)]
pub struct EventStory {
    /// Which.
    pub id: EventId,
    /// Its account.
    pub account: AccountId,
    /// The name of its type.
    pub event: Option<String>,
    /// Its chatbot.
    pub chatbot: Option<String>,
    /// How many deliveries it was accepted with.
    pub accepted_with: Option<u32>,
    /// How many of them have not ended.
    pub unfinished: Option<u32>,
    /// Whether its payload is in a block of history.
    pub is_packed: bool,
    /// When it was erased, if it was.
    pub erased_at: Option<Timestamp>,
    /// Why nobody got it, if that is so.
    pub unmatched: Option<UnmatchedReason>,
    /// Its deliveries to endpoints that there are.
    pub deliveries: Vec<DeliveryStory>,
}

impl Store {
    /// What became of an event. Its account has to be named once nothing of the event is kept outside the account's history: `None`
    /// without it, or if nothing is known.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when Redis fails, or refuses a command.
    pub async fn event_story(
        &self,
        id: &EventId,
        account: Option<&AccountId>,
    ) -> Result<Option<EventStory>, StoreError> {
        let mut read = redis::cmd("HMGET");
        read.arg(self.keys().key(&format!("event:{id}")));
        read.arg(&["account", "event", "deliveries", "refs", "erased"]);
        let kept: Vec<Option<String>> = self.query(&read).await?;
        let field = |place: usize| kept.get(place).cloned().flatten();
        let number = |place: usize| field(place).and_then(|text| text.parse::<u32>().ok());
        let owner = field(0).and_then(|text| text.parse::<AccountId>().ok());
        let Some(account) = owner.clone().or_else(|| account.cloned()) else {
            return Ok(None);
        };
        let mut story = EventStory {
            id: id.clone(),
            account: account.clone(),
            event: field(1),
            chatbot: None,
            accepted_with: number(2),
            unfinished: number(3),
            is_packed: false,
            erased_at: field(4).and_then(|ms| Timestamp::from_millis(ms.parse().ok()?)),
            unmatched: None,
            deliveries: Vec::new(),
        };
        if owner.is_none() {
            if let Some(packed) = self.packed_for_operator(&account, id).await? {
                story.is_packed = true;
                story.chatbot = chatbot_of(&packed.body);
                story.event = Some(packed.kind);
                story.accepted_with = Some(packed.deliveries);
                story.unfinished = Some(0);
            } else if let Some(trace) = self.trace_unmatched(&account, id).await? {
                story.event = trace.event;
                story.chatbot = trace.chatbot;
                story.accepted_with = Some(0);
                story.unmatched = trace.unmatched;
                return Ok(Some(story));
            }
        }
        let mut unseen = Vec::new();
        for endpoint in self.endpoint_ids(&account).await? {
            let delivery = self.story_at_once(&DeliveryId::of(id, &endpoint)).await?;
            if delivery.place == DeliveryPlace::Unknown {
                unseen.push(delivery);
            } else {
                story.deliveries.push(delivery);
            }
        }
        for mut delivery in unseen.into_iter().take(SOUGHT) {
            let missing = story
                .accepted_with
                .is_none_or(|count| story.deliveries.len() < count as usize);
            if !missing {
                break;
            }
            self.seek_story(&mut delivery).await?;
            if delivery.place != DeliveryPlace::Unknown {
                story.deliveries.push(delivery);
            }
        }
        let is_known = owner.is_some() || story.is_packed || !story.deliveries.is_empty();
        Ok(is_known.then_some(story))
    }
}
