//! The promise to report a lease exactly once, however its attempt ends.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use domain::id::DeliveryId;
use store::queue::{LeaseToken, LeasedEvent, Outcome, Report};

use super::Slots;
use crate::fault::NotAttempted;

/// One lease's slot and the duty to report it.
#[derive(Debug)]
pub(crate) struct Permit {
    slots: Arc<Slots>,
    ticket: u64,
    delivery: DeliveryId,
    token: LeaseToken,
    event: Arc<LeasedEvent>,
    stage: Stage,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Started,
    Reported,
}

impl Permit {
    pub(super) const fn new(
        slots: Arc<Slots>,
        ticket: u64,
        delivery: DeliveryId,
        token: LeaseToken,
        event: Arc<LeasedEvent>,
    ) -> Self {
        Self {
            slots,
            ticket,
            delivery,
            token,
            event,
            stage: Stage::Waiting,
        }
    }

    /// The attempt begins: from here on, a permit that is dropped reports a crash.
    pub(crate) fn start(&mut self) {
        self.stage = Stage::Started;
    }

    /// Reports what the attempt came to.
    pub(crate) fn finish(mut self, outcome: Outcome) {
        self.report(outcome);
    }

    /// Reports that there was no attempt: the delivery is given back and waits for `wait`, or its attempt counts as crashed if
    /// that would be in vain.
    pub(crate) fn not_attempted(mut self, reason: &NotAttempted, wait: Duration) {
        self.report_not_attempted(reason, wait);
    }

    fn report_not_attempted(&mut self, reason: &NotAttempted, wait: Duration) {
        let metrics = &self.slots.metrics;
        match reason.given_back() {
            Some(label) => {
                metrics.given_back.with_label_values(&[label]).inc();
                self.report(match reason {
                    NotAttempted::Crowded => Outcome::Crowded,
                    _ => Outcome::GivenBack { wait },
                });
            }
            None => {
                metrics.crashed.inc();
                self.report(Outcome::Crashed);
            }
        }
    }

    fn report(&mut self, outcome: Outcome) {
        self.stage = Stage::Reported;
        let report = Report {
            delivery: self.delivery.clone(),
            token: self.token.clone(),
            event: self.event.event.clone(),
            outcome,
        };
        self.slots.report(self.ticket, report);
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let cut_off = self.slots.abandoned.load(Ordering::SeqCst);
        match self.stage {
            Stage::Reported => {}
            Stage::Started if !cut_off => {
                tracing::error!(delivery = %self.delivery, "an attempt ended without an outcome; it is reported as a crash");
                self.slots.metrics.crashed.inc();
                self.report(Outcome::Crashed);
            }
            Stage::Waiting | Stage::Started => {
                self.report_not_attempted(&NotAttempted::Stopping, Duration::ZERO);
            }
        }
    }
}
