//! Erasing an event in the model: whatever else happens to it, nothing that it said is found any more, and nothing of it goes on.

use domain::delivery::Transition;
use domain::id::{DeliveryId, EventId};

use super::Model;
use crate::fixture::account;

impl Model {
    /// Somebody erases one of the events; the call is repeated.
    pub(super) async fn erase_event(&mut self, event: usize) {
        let mut events: Vec<EventId> = self.deliveries.keys().map(DeliveryId::event).collect();
        events.sort();
        events.dedup();
        let Some(event) = (!events.is_empty()).then(|| events[event % events.len()].clone()) else {
            return;
        };
        for _ in 0..2 {
            let store = &self.fixture.store;
            let _is_known = store.erase_event(&account(), &event).await.unwrap();
        }
        let of_event = self.deliveries.iter().filter(|(id, _)| id.event() == event);
        let unfinished: Vec<_> = of_event
            .filter(|(_, delivery)| delivery.state.after(Transition::Erased).is_some())
            .map(|(id, _)| id.clone())
            .collect();
        for id in unfinished {
            self.take(&id, Transition::Erased);
        }
        self.gone.insert(event.clone());
        self.erased.insert(event);
        self.meet_rewritten_blocks().await;
    }
}
