//! What workers report in the model, and what follows from it.

use domain::delivery::{DeliveryState, Transition};
use domain::endpoint::EndpointState;
use store::queue::{self, Receipt, WorkRequest};

use super::workers::HeldLease;
use super::{
    CAP, DISABLE_AFTER, HELD_LONGER_SECONDS, HELD_SECONDS, MOST_HOLDS, Model, REST_SECONDS, RETRY_SECONDS,
};
use crate::fixture::{failed, given_back, gone, refused, report, succeeded, unfound, wants};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Succeeded,
    Failed,
    FailedAndRests,
    FailedForGood,
    Gone,
    Held,
    HeldForLonger,
    GivenBack,
    GivenBackToWait,
    Crowded,
    Crashed,
}

impl Model {
    pub(super) async fn report(&mut self, worker: usize, lease: usize, outcome: Outcome) {
        if self.workers[worker].held.is_empty() {
            return;
        }
        let index = lease % self.workers[worker].held.len();
        let held = self.workers[worker].held.remove(index);
        let result = match outcome {
            Outcome::Succeeded => succeeded(),
            Outcome::Failed => failed(Some(RETRY_SECONDS)),
            Outcome::FailedAndRests => unfound(REST_SECONDS, RETRY_SECONDS),
            Outcome::FailedForGood => failed(None),
            Outcome::Gone => gone(),
            Outcome::Held => refused(Some(HELD_SECONDS), Some(RETRY_SECONDS)),
            Outcome::HeldForLonger => refused(Some(HELD_LONGER_SECONDS), Some(RETRY_SECONDS)),
            Outcome::GivenBack => given_back(0),
            Outcome::GivenBackToWait => given_back(RETRY_SECONDS),
            Outcome::Crowded => queue::Outcome::Crowded,
            Outcome::Crashed => queue::Outcome::Crashed,
        };
        let stands = self
            .snapshot()
            .await
            .tokens
            .contains(held.leased.delivery.as_str())
            && self.deliveries[&held.leased.delivery].state == DeliveryState::InFlight
            && self.is_holder(&held.leased).await;
        let request = WorkRequest {
            reports: vec![report(&held.leased, result)],
            ..wants(0)
        };
        // A call that only reports leases nothing, so what it let go of comes first.
        let incarnation = self.workers[worker].worker.incarnation.clone();
        let was_suspect = self
            .suspects
            .done(&incarnation, held.sequence, &held.leased.delivery);
        let result = self.call(worker, request).await.receipts[0];
        let expected = if stands {
            self.record(&held, outcome, was_suspect)
        } else {
            Receipt::Stale
        };
        assert_eq!(result, expected, "{outcome:?} of {}", held.leased.delivery);
        if stands {
            self.compare_state(&self.snapshot().await, &held.leased.delivery);
        }
        self.follow_work().await;
    }

    /// A report that counts.
    fn record(&mut self, held: &HeldLease, outcome: Outcome, was_suspect: bool) -> Receipt {
        let id = &held.leased.delivery;
        let of = held.leased.endpoint.id.clone();
        let Some(index) = self.endpoints.iter().position(|endpoint| endpoint.id == of) else {
            self.take(id, Transition::Removed);
            return Receipt::Recorded;
        };
        if matches!(outcome, Outcome::Held | Outcome::HeldForLonger) {
            return self.record_held(held, index, outcome == Outcome::HeldForLonger, was_suspect);
        }
        match outcome {
            Outcome::Succeeded => self.take(id, Transition::Succeeded),
            Outcome::GivenBack | Outcome::GivenBackToWait | Outcome::Crowded if was_suspect => {
                self.take(id, Transition::Quarantined);
            }
            Outcome::GivenBackToWait if self.endpoints[index].state == EndpointState::Active => {
                self.take(id, Transition::GivenBackToWait);
            }
            Outcome::GivenBack | Outcome::GivenBackToWait | Outcome::Crowded => {
                self.take(id, Transition::GivenBack);
            }
            Outcome::Crashed => {
                self.suspects.blame(id);
                self.lose(id);
            }
            Outcome::FailedForGood => self.take(id, Transition::FailedForGood),
            Outcome::Failed
            | Outcome::FailedAndRests
            | Outcome::Gone
            | Outcome::Held
            | Outcome::HeldForLonger => {
                self.take(id, Transition::FailedForNow);
            }
        }
        let endpoint = &mut self.endpoints[index];
        let delivery = self.deliveries.get_mut(id).unwrap();
        let is_current = endpoint.state.counts_attempts() && endpoint.generation == held.generation;
        let counts = is_current && (outcome == Outcome::Succeeded || !delivery.is_manual);
        match outcome {
            Outcome::Succeeded if counts => {
                (endpoint.failures, endpoint.limit) = (0, CAP.min(endpoint.limit * 2));
                (endpoint.held_until, endpoint.rests_until) = (0, 0);
            }
            Outcome::GivenBackToWait if endpoint.state == EndpointState::Active => {
                delivery.not_before = self.now + RETRY_SECONDS * 1000;
            }
            Outcome::Succeeded
            | Outcome::GivenBack
            | Outcome::GivenBackToWait
            | Outcome::Crowded
            | Outcome::Crashed => {}
            _ => {
                delivery.attempts += 1;
                let wait = if outcome == Outcome::Gone {
                    5
                } else {
                    RETRY_SECONDS
                };
                delivery.not_before = self.now + wait * 1000;
                if was_suspect {
                    self.suspects.acquit(id);
                }
                if counts {
                    endpoint.failures += 1;
                    endpoint.limit = 1;
                    if outcome == Outcome::FailedAndRests && !endpoint.is_paced {
                        endpoint.rests_until = self.now + REST_SECONDS * 1000;
                    }
                    if outcome == Outcome::Gone || endpoint.failures >= DISABLE_AFTER {
                        endpoint.state = EndpointState::Disabled;
                        self.all_take(&of, Transition::Parked);
                        return Receipt::DisabledEndpoint;
                    }
                }
            }
        }
        Receipt::Recorded
    }

    /// The receiver asked for a pause.
    fn record_held(&mut self, held: &HeldLease, index: usize, longer: bool, was_suspect: bool) -> Receipt {
        let id = &held.leased.delivery;
        let delivery = self.deliveries.get_mut(id).unwrap();
        delivery.holds += 1;
        let is_manual = delivery.is_manual;
        if delivery.holds >= MOST_HOLDS {
            delivery.attempts += 1;
            delivery.not_before = self.now + RETRY_SECONDS * 1000;
            self.take(id, Transition::FailedForNow);
        } else if longer {
            delivery.not_before = self.now + HELD_LONGER_SECONDS * 1000;
            self.take(id, Transition::HeldForLonger);
        } else {
            self.take(id, Transition::Held);
        }
        if was_suspect {
            self.suspects.acquit(id);
        }
        let endpoint = &mut self.endpoints[index];
        let counts = endpoint.state.counts_attempts();
        let begins = counts && endpoint.generation == held.generation;
        let lengthens = counts && endpoint.held_until > 0 && endpoint.generation == held.generation + 1;
        if begins && !is_manual {
            endpoint.failures += 1;
            endpoint.limit = 1;
            if endpoint.failures >= DISABLE_AFTER {
                endpoint.state = EndpointState::Disabled;
                let of = endpoint.id.clone();
                self.all_take(&of, Transition::Parked);
                return Receipt::DisabledEndpoint;
            }
        }
        if begins {
            endpoint.generation += 1;
            endpoint.limit = 1;
        }
        if begins || lengthens {
            let seconds = if longer { 3600 } else { HELD_SECONDS };
            endpoint.held_until = endpoint.held_until.max(self.now + seconds * 1000);
        }
        Receipt::Recorded
    }

    /// Everything that workers hold comes back without an attempt.
    pub(super) async fn give_all_back(&mut self) {
        for worker in 0..self.workers.len() {
            while !self.workers[worker].held.is_empty() {
                self.report(worker, 0, Outcome::GivenBack).await;
            }
        }
    }
}
