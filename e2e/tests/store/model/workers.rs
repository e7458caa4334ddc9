//! What workers do in the model: they fetch, and repeat calls whose answer was lost.

use std::time::Duration;

use domain::delivery::{DeliveryState, Transition};
use domain::endpoint::EndpointState;
use store::check::Place;
use store::queue::{Leased, Standby, Woken, WorkReply, WorkRequest};

use super::shares::url_after;
use super::suspects::MOST_SUSPECTS;
use super::{CAP, Model};
use crate::fixture::{Worker, wants};

pub(super) struct HeldLease {
    pub(super) leased: Leased,
    pub(super) sequence: u64,
    pub(super) generation: u32,
}

pub(super) struct ModelWorker {
    pub(super) worker: Worker,
    pub(super) held: Vec<HeldLease>,
    last: Option<(WorkRequest, WorkReply)>,
    /// After which call it was handed what came last.
    came: u64,
}

impl ModelWorker {
    pub(super) fn new() -> Self {
        Self {
            worker: Worker::new(),
            held: vec![],
            last: None,
            came: 0,
        }
    }
}

impl Model {
    /// What a call of a worker moves besides what it leases and reports: retries that are due, and suspects in line.
    pub(super) async fn follow_work(&mut self) {
        self.follow(&[Transition::Due, Transition::Quarantined], &[])
            .await;
    }

    pub(super) async fn mark_slow(&mut self, endpoint: usize) {
        let Some(id) = self.endpoints.get(endpoint).map(|endpoint| endpoint.id.clone()) else {
            return;
        };
        let request = WorkRequest {
            slow_endpoints: vec![id],
            ..wants(0)
        };
        self.call(0, request).await;
        self.follow_work().await;
    }

    /// A fetch that has room for suspects and every endpoint's share serves every endpoint that is ready.
    pub(super) async fn fetch(&mut self, worker: usize, want: u32) {
        let before = self.snapshot().await;
        let reply = self.call(worker, wants(want)).await;
        self.follow_work().await;
        let after = self.snapshot().await;
        let waits_for_place = |id: &String| after.waiting.values().any(|waiting| waiting.contains(id));
        let in_lanes = before.ready.len() + before.ready_slow.len();
        if want as usize >= in_lanes * CAP as usize + MOST_SUSPECTS as usize {
            for id in before.ready.keys() {
                let endpoint = &before.endpoints[id];
                let cap = endpoint.limit;
                let model = self.endpoints.iter().find(|model| model.id.as_str() == id);
                if model.is_some_and(|model| model.held_until > 0 || model.rests_until > 0 || model.is_paced)
                {
                    continue; // it may have to wait
                }
                let served = reply
                    .leased
                    .iter()
                    .any(|leased| leased.endpoint.id.as_str() == id.as_str());
                let here = Place::Pending(id.parse().unwrap());
                let mut waiting = before.places.iter().filter(|(_, places)| places.contains(&here));
                let only_suspects = waiting
                    .all(|(delivery, _)| self.suspects.is_suspect(&delivery.to_string().parse().unwrap()));
                assert!(
                    served || endpoint.in_flight >= cap || only_suspects || waits_for_place(id),
                    "{id} was ready and got nothing"
                );
            }
        }
    }

    /// A worker stands by while an event comes.
    pub(super) async fn hand_over(&mut self, worker: usize, comes: bool) {
        let standby = Standby {
            room: 64,
            most: 4,
            ..Standby::default()
        };
        self.call(worker, WorkRequest { standby, ..wants(16) }).await;
        self.follow_work().await;
        self.accept().await;
        let incarnation = self.workers[worker].worker.incarnation.clone();
        let wait = Duration::from_millis(10);
        let woken = self
            .fixture
            .store
            .wait_for_work(&incarnation, wait)
            .await
            .unwrap();
        let lost: Vec<_> = match woken {
            Woken::Handed(handed) => {
                let reply = WorkReply {
                    leased: handed.leased,
                    ..WorkReply::default()
                };
                self.suspects.leased(&incarnation, handed.after, &reply);
                for leased in &reply.leased {
                    self.leased(worker, handed.after, leased);
                }
                self.workers[worker].came = handed.after;
                let leased = if comes { vec![] } else { reply.leased };
                leased.into_iter().map(|leased| leased.delivery).collect()
            }
            Woken::Token | Woken::Nothing => vec![],
        };
        let missed = !lost.is_empty();
        for id in lost {
            self.workers[worker].came = 0;
            self.workers[worker].held.pop();
            self.take(&id, Transition::GivenBack);
        }
        let standby = Standby {
            missed,
            ..Standby::default()
        };
        self.call(worker, WorkRequest { standby, ..wants(0) }).await;
        self.follow_work().await;
    }

    /// A new call of a worker; returns the receipts of its reports.
    pub(super) async fn call(&mut self, worker: usize, request: WorkRequest) -> WorkReply {
        let held = &mut self.workers[worker];
        held.worker.sequence += 1;
        let request = WorkRequest {
            sequence: held.worker.sequence,
            suspects: MOST_SUSPECTS,
            standby: Standby {
                came: held.came,
                ..request.standby
            },
            ..request
        };
        let reply = self
            .fixture
            .store
            .work(&held.worker.incarnation, &self.fixture.policy, &request)
            .await
            .unwrap();
        let sequence = request.sequence;
        held.last = Some((request, reply.clone()));
        let incarnation = held.worker.incarnation.clone();
        self.suspects.leased(&incarnation, sequence, &reply);
        for leased in &reply.leased {
            self.leased(worker, sequence, leased);
        }
        reply
    }

    fn leased(&mut self, worker: usize, sequence: u64, leased: &Leased) {
        let endpoint = self
            .endpoints
            .iter()
            .find(|endpoint| endpoint.id == leased.endpoint.id);
        let endpoint = endpoint.unwrap_or_else(|| panic!("{} was removed", leased.endpoint.id));
        let is_probe = endpoint.resumes && endpoint.state == EndpointState::Disabled;
        assert!(
            is_probe || endpoint.state == EndpointState::Active,
            "only active endpoints are served"
        );
        assert_eq!(leased.endpoint.url, url_after(endpoint.urls));
        assert!(
            endpoint.held_until.max(endpoint.rests_until) <= self.now + 20_000,
            "{} was served while it was held, or rests",
            endpoint.id
        );
        let generation = endpoint.generation;
        let delivery = self.deliveries.get(&leased.delivery);
        let delivery = delivery.expect("a delivery that was accepted");
        assert_eq!(leased.attempt, delivery.attempts + 1);
        let is_retrying = delivery.state == DeliveryState::Retrying;
        self.assert_due(&leased.delivery);
        // The same call may have found that it was due.
        if is_retrying {
            self.take(&leased.delivery, Transition::Due);
        }
        let taken = if is_probe {
            Transition::Probed
        } else {
            Transition::Fetched
        };
        self.take(&leased.delivery, taken);
        self.deliveries.get_mut(&leased.delivery).unwrap().url = leased.endpoint.url.clone();
        self.workers[worker].held.push(HeldLease {
            leased: leased.clone(),
            sequence,
            generation,
        });
    }

    /// Whether the lease is the one that stands: the delivery may have been leased again.
    pub(super) async fn is_holder(&self, leased: &Leased) -> bool {
        let token: Option<String> = self
            .fixture
            .command(
                redis::cmd("HGET")
                    .arg("wh:{0}:tokens")
                    .arg(leased.delivery.as_str()),
            )
            .await;
        token.is_some_and(|token| format!("{:?}", leased.token).contains(&token))
    }

    pub(super) async fn repeat(&mut self, worker: usize) {
        let Some((request, first)) = self.workers[worker].last.clone() else {
            return;
        };
        let incarnation = self.workers[worker].worker.incarnation.clone();
        let again = self
            .fixture
            .store
            .work(&incarnation, &self.fixture.policy, &request)
            .await
            .unwrap();
        assert_eq!(
            again.receipts, first.receipts,
            "the same call has the same answer"
        );
        // Leases that were lost or reported since are not handed out again, the others are, with the same token.
        for leased in &again.leased {
            assert!(
                first
                    .leased
                    .iter()
                    .any(|one| one.delivery == leased.delivery && one.token == leased.token)
            );
        }
        let still: Vec<_> = self.workers[worker]
            .held
            .iter()
            .map(|held| held.leased.clone())
            .collect();
        let sequence = request.sequence;
        for leased in first.leased {
            let expected = still
                .iter()
                .any(|held| held.token == leased.token && held.delivery == leased.delivery)
                && self.is_holder(&leased).await
                && self.exists(&leased.endpoint.id);
            assert_eq!(
                again.leased.iter().any(|one| one.delivery == leased.delivery),
                expected,
                "{}",
                leased.delivery
            );
            if !expected {
                self.suspects.done(&incarnation, sequence, &leased.delivery);
            }
        }
        self.follow_work().await;
    }
}
