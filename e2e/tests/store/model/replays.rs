//! Replays in the model.

use std::collections::HashSet;

use domain::clock::Timestamp;
use domain::delivery::DeliveryState;
use domain::endpoint::EndpointState;
use domain::id::{DeliveryId, EndpointId, ReplayId};
use store::check::Place;
use store::replays::{ReplayOutcome, ReplaySpan, ReplayState, ReplayStatus, StartOutcome};

use super::Model;
use crate::fixture::{BUDGETS, account};

/// A replay of many: what it has to send again.
pub(super) struct ModelReplay {
    id: ReplayId,
    endpoint: EndpointId,
    sources: HashSet<DeliveryId>,
    /// Exhausted replays among what it looks at, which it leaves out.
    left_out: usize,
    /// It also leaves out what was delivered before its turn came.
    undelivered: bool,
}

impl Model {
    pub(super) async fn replay_one(&mut self, delivery: usize) {
        let snapshot = self.snapshot().await;
        // What was discarded counts as canceled once upkeep has worked through it: a replay that succeeds before is none since then.
        let is_swept = |id: &DeliveryId| !snapshot.places.of(id.as_str()).iter().any(Place::is_unfinished);
        let mut finished: Vec<_> = self
            .deliveries
            .iter()
            .filter(|(id, delivery)| delivery.state.is_final() && self.exists(&id.endpoint()) && is_swept(id))
            .map(|(id, _)| id.clone())
            .collect();
        if finished.is_empty() {
            return;
        }
        finished.sort();
        let source = finished[delivery % finished.len()].clone();
        let new = source.replay();
        let state = self.state_of(&source.endpoint());
        let is_gone = self.gone.contains(&source.event());
        let expected = if is_gone {
            ReplayOutcome::Expired
        } else if state == EndpointState::Active {
            ReplayOutcome::Pending
        } else {
            ReplayOutcome::Parked
        };
        for _ in 0..2 {
            let outcome = self
                .fixture
                .store
                .replay_delivery(&account(), &source, &new, BUDGETS)
                .await
                .unwrap();
            assert_eq!(outcome, expected);
        }
        if !is_gone {
            self.add(new, true);
        }
    }

    pub(super) async fn replay_many(&mut self, endpoint: usize, undelivered: bool) {
        let Some(endpoint) = self.endpoints.get(endpoint).map(|endpoint| endpoint.id.clone()) else {
            return;
        };
        let facts = self.fixture.store.endpoint_facts(&account(), &endpoint).await;
        let span = ReplaySpan {
            status: match undelivered {
                true => ReplayStatus::Undelivered,
                false => ReplayStatus::Exhausted,
            },
            events: Vec::new(),
            since: Timestamp::default(),
            until: facts.unwrap().unwrap().now,
        };
        let id = ReplayId::new(Timestamp::now().as_millis());
        let exhausted = |is_replay: bool| {
            self.deliveries
                .iter()
                .filter(move |(id, delivery)| {
                    delivery.state == DeliveryState::Exhausted && id.is_replay() == is_replay
                })
                .map(|(id, _)| id.clone())
                .filter(|id| id.endpoint() == endpoint)
        };
        let (mut sources, left_out): (HashSet<_>, _) = (exhausted(false).collect(), exhausted(true).count());
        if undelivered {
            sources.extend(self.canceled_at(&endpoint).await);
            sources.retain(|source| !self.is_redelivered(source));
        }
        let count = self
            .fixture
            .store
            .count_replay(&account(), &endpoint, &span)
            .await;
        assert_eq!(count.unwrap().unwrap().matching, sources.len() as u64);
        for _ in 0..2 {
            let outcome = self
                .fixture
                .store
                .start_replay(&account(), &endpoint, &id, &span, BUDGETS)
                .await
                .unwrap();
            match outcome {
                StartOutcome::Started(replay) => assert_eq!((&replay.id, replay.made), (&id, 0)),
                StartOutcome::Running(other) => {
                    assert_ne!(other, id);
                    return;
                }
                StartOutcome::EndpointNotFound => panic!("{endpoint} exists"),
            }
        }
        self.replays.push(ModelReplay {
            id,
            endpoint,
            sources,
            left_out,
            undelivered,
        });
    }

    /// The deliveries of an endpoint that Redis remembers as canceled. Each is, and none was delivered since.
    async fn canceled_at(&self, endpoint: &EndpointId) -> HashSet<DeliveryId> {
        let snapshot = self.snapshot().await;
        let is_remembered = |places: &[Place]| matches!(places, [Place::Canceled(_)]);
        let remembered = snapshot.places.iter().filter(|(_, places)| is_remembered(places));
        let remembered: HashSet<DeliveryId> = remembered
            .map(|(id, _)| id.to_string().parse().unwrap())
            .filter(|id: &DeliveryId| id.endpoint() == *endpoint)
            .collect();
        for id in &remembered {
            assert_eq!(self.deliveries[id].state, DeliveryState::Canceled, "{id}");
            assert!(!self.is_redelivered(id), "{id}");
        }
        remembered
    }

    /// Whether a replay of it has succeeded.
    fn is_redelivered(&self, source: &DeliveryId) -> bool {
        self.deliveries.iter().any(|(id, delivery)| {
            let is_its = id.is_replay() && (id.event(), id.endpoint()) == (source.event(), source.endpoint());
            is_its && delivery.state == DeliveryState::Succeeded
        })
    }

    pub(super) async fn cancel_replay(&mut self, endpoint: usize) {
        let Some(endpoint) = self.endpoints.get(endpoint).map(|endpoint| endpoint.id.clone()) else {
            return;
        };
        let Some(index) = self.replays.iter().position(|replay| replay.endpoint == endpoint) else {
            return;
        };
        let replay = self.replays.remove(index);
        let canceled = self
            .fixture
            .store
            .cancel_replay(&account(), &endpoint, &replay.id)
            .await;
        assert_ne!(canceled.unwrap().unwrap().state, ReplayState::Running);
    }

    /// What a step of upkeep made for replays of many is in the stored state, and only exhausted ones are repeated.
    pub(super) async fn meet_replays(&mut self) {
        let snapshot = self.snapshot().await;
        for (id, _) in snapshot.places.iter() {
            let id: DeliveryId = id.to_string().parse().unwrap();
            if !id.is_replay() || self.deliveries.contains_key(&id) {
                continue;
            }
            let source = DeliveryId::of(&id.event(), &id.endpoint());
            let wants = |replay: &ModelReplay| {
                replay.sources.contains(&source) && !(replay.undelivered && self.is_redelivered(&source))
            };
            assert!(self.replays.iter().any(wants), "nobody asked for {id}");
            self.add(id, false);
        }
    }

    /// Every replay of many that was not canceled has sent again what it had to and still could, once.
    pub(super) async fn compare_replays(&self) {
        for replay in &self.replays {
            if !self.exists(&replay.endpoint) {
                continue;
            }
            let found = self
                .fixture
                .store
                .get_replay(&account(), &replay.endpoint, &replay.id)
                .await;
            let found = found.unwrap().unwrap();
            // What had gone by then was left out as well.
            let (made, skipped) = (found.made as usize, found.skipped as usize);
            let is_kept = |source: &&DeliveryId| !self.gone.contains(&source.event());
            assert_eq!(found.state, ReplayState::Finished);
            let (looked_at, most) = (made + skipped, replay.sources.len() + replay.left_out);
            assert!(looked_at == most || replay.undelivered && looked_at <= most);
            assert!(made <= replay.sources.len());
            assert!(replay.undelivered || made >= replay.sources.iter().filter(is_kept).count());
            assert_eq!(found.made, found.succeeded + found.exhausted + found.canceled);
        }
    }
}
