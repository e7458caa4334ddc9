//! What the owner of the endpoints does in the model: makes, changes and removes them, and sends events.

use std::time::Duration;

use domain::delivery::{DeliveryState, Transition};
use domain::endpoint::{Condition, EndpointPatch, EndpointState, EndpointUrl, UrlPolicy};
use domain::id::{DeliveryId, EndpointId};
use domain::sealing::SealedSecret;
use store::events::{AcceptOutcome, Accepted, Budgets};
use store::rotation::{RotateOutcome, Rotation};

use super::shares::url_after;
use super::{CAP, Model};
use crate::fixture::{BUDGETS, account, new_event};

#[derive(Debug)]
pub(super) struct ModelEndpoint {
    pub(super) id: EndpointId,
    pub(super) state: EndpointState,
    pub(super) failures: u32,
    pub(super) generation: u32,
    pub(super) urls: u32,
    /// Attempts that it may have in flight.
    pub(super) limit: u32,
    /// Model time until which it is held; 0 if it was not since its last success.
    pub(super) held_until: u64,
    /// Model time until which it rests; 0 if it has a rate, which then goes on.
    pub(super) rests_until: u64,
    pub(super) is_paced: bool,
    /// An operator pauses it, not its whole account.
    pub(super) is_held: bool,
    /// It is probed while failures have disabled it.
    pub(super) resumes: bool,
}

impl Model {
    pub(super) async fn create(&mut self) {
        let id = self.fixture.endpoint(&["*"]).await;
        self.fixture.change_url(&id, &url_after(0)).await;
        self.fixture.end_slow_start(&id).await;
        self.endpoints.push(ModelEndpoint {
            id,
            state: if self.is_account_held {
                EndpointState::Suspended
            } else {
                EndpointState::Active
            },
            failures: 0,
            generation: 2,
            urls: 0,
            limit: CAP,
            held_until: 0,
            rests_until: 0,
            is_paced: false,
            is_held: false,
            resumes: false,
        });
    }

    pub(super) async fn accept(&mut self) {
        self.accept_within(BUDGETS).await;
    }

    /// Sends an event within these budgets, which also bound what may be parked.
    pub(super) async fn accept_within(&mut self, budgets: Budgets) {
        match self.fixture.accept_outcome(&new_event(), budgets).await {
            AcceptOutcome::Accepted(accepted) => self.accepted(&accepted),
            other => panic!("not accepted: {other:?}"),
        }
    }

    /// Sends an event while its account may have so little unfinished: endpoints that hold over half of it make room, as long as
    /// another one wants the event, or it is refused.
    pub(super) async fn accept_over_budget(&mut self, account_bytes: u64) {
        let budgets = Budgets {
            account_bytes,
            ..BUDGETS
        };
        let outcome = self.fixture.accept_outcome(&new_event(), budgets).await;
        self.follow(&[Transition::EndpointOverBudget], &[]).await;
        match outcome {
            AcceptOutcome::Accepted(accepted) if accepted.deliveries > 0 => {
                self.accepted(&accepted);
                let bytes = self.fixture.count("GET", "account:org:org_1:bytes").await;
                assert!(bytes <= account_bytes, "{bytes} of {account_bytes}");
            }
            AcceptOutcome::Accepted(_) | AcceptOutcome::OverBudget => {}
            other => panic!("neither accepted nor over budget: {other:?}"),
        }
    }

    fn accepted(&mut self, accepted: &Accepted) {
        let takers: Vec<_> = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.state.takes_events())
            .map(|endpoint| DeliveryId::of(&accepted.id, &endpoint.id))
            .collect();
        assert_eq!(accepted.deliveries as usize, takers.len());
        for delivery in takers {
            self.add(delivery, false);
        }
    }

    pub(super) async fn rotate(&mut self, endpoint: usize, force: bool) {
        let Some(endpoint) = self.endpoints.get(endpoint).map(|endpoint| endpoint.id.clone()) else {
            return;
        };
        let before = self.fixture.hash(&format!("endpoint:{endpoint}")).await;
        let rotation = Rotation {
            secret: SealedSecret::from_stored(format!(
                "v2.0123abcd.{}.{}",
                SealedSecret::from_stored(before["secret"].clone()).number() + 1,
                EndpointId::random()
            )),
            grace: Duration::from_secs(60),
            legacy_uses_previous: false,
            force,
            condition: Condition::Exists,
            by: None,
        };
        let mut outcome = None;
        for _ in 0..2 {
            let made = self
                .fixture
                .store
                .rotate_secret(&account(), &endpoint, &rotation)
                .await;
            outcome = Some(made.unwrap());
        }
        let secrets = self.fixture.store.signing_secrets(&account(), &endpoint).await;
        let secrets = secrets.unwrap().unwrap();
        match outcome {
            Some(RotateOutcome::Rotated(_)) => {
                assert_eq!(secrets.current, rotation.secret);
                assert_eq!(secrets.previous.unwrap().secret.as_str(), before["secret"]);
            }
            Some(RotateOutcome::InGrace(_)) => {
                assert!(!force);
                assert_eq!(secrets.current.as_str(), before["secret"]);
            }
            other => panic!("{other:?}"),
        }
    }

    pub(super) async fn change_url(&mut self, endpoint: usize) {
        let Some(endpoint) = self.endpoints.get_mut(endpoint) else {
            return;
        };
        endpoint.urls += 1;
        endpoint.generation += 1;
        endpoint.limit = 1;
        (endpoint.held_until, endpoint.rests_until) = (0, 0);
        let url = EndpointUrl::parse(&url_after(endpoint.urls), &UrlPolicy::default()).unwrap();
        let patch = EndpointPatch {
            url: Some(url),
            ..EndpointPatch::default()
        };
        self.fixture
            .store
            .update_endpoint(&account(), &endpoint.id, &patch)
            .await
            .unwrap()
            .unwrap();
        // What waits for trouble that passes is brought forward.
        let id = endpoint.id.clone();
        self.may_come_at_once(&id);
    }

    /// What waits for this endpoint may come at any time from now on.
    pub(super) fn may_come_at_once(&mut self, endpoint: &EndpointId) {
        let deliveries = self.deliveries.iter_mut();
        for (_, delivery) in deliveries.filter(|(id, _)| id.endpoint() == *endpoint) {
            if delivery.state != DeliveryState::InFlight {
                delivery.not_before = 0;
            }
        }
    }

    pub(super) async fn pace(&mut self, endpoint: usize, rate: Option<i64>) {
        let Some(endpoint) = self.endpoints.get_mut(endpoint) else {
            return;
        };
        if endpoint.is_paced || rate.is_some() {
            endpoint.rests_until = 0;
        }
        endpoint.is_paced = rate.is_some();
        self.fixture.set_rate(&endpoint.id, rate).await;
    }

    pub(super) async fn remove(&mut self, endpoint: usize) {
        if endpoint >= self.endpoints.len() || self.endpoints.len() == 1 {
            return;
        }
        let removed = self.endpoints.remove(endpoint);
        assert!(
            self.fixture
                .store
                .remove_endpoint(&account(), &removed.id)
                .await
                .unwrap()
        );
        let waiting: Vec<_> = self
            .deliveries
            .iter()
            .filter(|(id, delivery)| {
                id.endpoint() == removed.id
                    && delivery.state != DeliveryState::InFlight
                    && delivery.state.after(Transition::Removed).is_some()
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in waiting {
            self.take(&id, Transition::Removed);
        }
    }
}
