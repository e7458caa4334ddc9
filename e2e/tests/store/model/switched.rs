//! Who switches endpoints in the model: their owner, who pauses them as well, and an operator beside him.

use domain::delivery::Transition;
use domain::endpoint::{EndpointPatch, EndpointState, HoldAction, ParkedAction, StateChange};
use domain::id::EndpointId;

use super::Model;
use crate::fixture::account;

impl Model {
    pub(super) async fn switch(&mut self, endpoint: usize, active: bool, discard: bool) {
        self.change_state(endpoint, StateChange::of_switch(active), discard)
            .await;
    }

    pub(super) async fn pause(&mut self, endpoint: usize) {
        self.change_state(endpoint, StateChange::Paused, false).await;
    }

    async fn change_state(&mut self, endpoint: usize, change: StateChange, discard: bool) {
        let Some(endpoint) = self.endpoints.get_mut(endpoint) else {
            return;
        };
        let patch = EndpointPatch {
            state: Some(change),
            parked: if discard {
                ParkedAction::Discard
            } else {
                ParkedAction::Deliver
            },
            ..EndpointPatch::default()
        };
        let store = &self.fixture.store;
        let changed = store.update_endpoint(&account(), &endpoint.id, &patch).await;
        changed.unwrap().expect("the endpoint exists");
        let id = endpoint.id.clone();
        match (change, endpoint.state.without_operator()) {
            (StateChange::Active, EndpointState::Active) => {}
            (StateChange::Active, _) => {
                (endpoint.failures, endpoint.limit) = (0, 1);
                (endpoint.held_until, endpoint.rests_until) = (0, 0);
                endpoint.generation += 1;
                if discard {
                    // What an operator holds is parked, and goes as well.
                    self.all_take(&id, Transition::Discarded);
                }
                self.serve(&id).await;
            }
            (StateChange::Inactive, EndpointState::Paused) => {}
            (StateChange::Paused, _) => self.stop(&id, EndpointState::Paused),
            (StateChange::Inactive | StateChange::Off, _) => self.stop(&id, EndpointState::Off),
            (StateChange::Disabled, _) => unreachable!("nothing asks for that"),
        }
    }

    /// An operator pauses an endpoint, or all of the account, or ends that. The call is repeated.
    pub(super) async fn hold(&mut self, endpoint: Option<usize>, pauses: bool) {
        for _ in 0..2 {
            let store = &self.fixture.store;
            if let Some(endpoint) = endpoint {
                let Some(endpoint) = self.endpoints.get(endpoint) else {
                    return;
                };
                let action = pauses.then_some(HoldAction::Pause);
                let held = store.hold_endpoint(&endpoint.id, action, "why").await;
                held.unwrap().expect("the endpoint exists");
            } else {
                let held = store.pause_account(&account(), pauses.then_some("why")).await;
                assert_eq!(held.unwrap().is_some(), pauses);
            }
        }
        match endpoint {
            Some(endpoint) => self.endpoints[endpoint].is_held = pauses,
            None => self.is_account_held = pauses,
        }
        for index in 0..self.endpoints.len() {
            let (id, state) = (self.endpoints[index].id.clone(), self.endpoints[index].state);
            let is_held = self.is_held(&id);
            if is_held && state == EndpointState::Active {
                self.stop(&id, EndpointState::Suspended);
            } else if !is_held && state == EndpointState::Suspended {
                self.endpoints[index].limit = 1;
                self.serve(&id).await;
            }
        }
    }

    fn is_held(&self, id: &EndpointId) -> bool {
        let endpoint = self.endpoints.iter().find(|endpoint| endpoint.id == *id);
        self.is_account_held || endpoint.is_some_and(|endpoint| endpoint.is_held)
    }

    fn stop(&mut self, id: &EndpointId, state: EndpointState) {
        self.set_state(id, state);
        self.all_take(id, Transition::Parked);
    }

    /// It is served, unless an operator holds it.
    async fn serve(&mut self, id: &EndpointId) {
        if self.is_held(id) {
            self.set_state(id, EndpointState::Suspended);
            return;
        }
        self.set_state(id, EndpointState::Active);
        self.follow(&[Transition::Released, Transition::ReleasedForRetry], &[])
            .await;
        self.may_come_at_once(id);
    }

    fn set_state(&mut self, id: &EndpointId, state: EndpointState) {
        let mut endpoints = self.endpoints.iter_mut();
        let endpoint = endpoints.find(|endpoint| endpoint.id == *id);
        endpoint.expect("the endpoint exists").state = state;
    }
}
