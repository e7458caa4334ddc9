//! What a call leased.

use std::time::Instant;

use domain::id::DeliveryId;
use store::queue::{LeaseToken, Outcome, Report, WorkReply};

use super::super::job::Job;
use super::Fetcher;

impl Fetcher {
    /// Leaves what was leased for apalis.
    pub(super) fn hand_on(&self, reply: WorkReply, asked: Instant) {
        self.metrics.fetched.inc_by(reply.leased.len() as u64);
        self.metrics.suspects_fetched.inc_by(reply.suspects.len() as u64);
        for delivery in &reply.suspects {
            tracing::info!(%delivery, "serving a quarantined delivery; if this worker dies now, look here first");
        }
        let now = Instant::now();
        let jobs = reply.leased.into_iter().map(|leased| {
            let permit = self.slots.take(&leased, now);
            Job::new(leased, permit, asked, self.policy.lease())
        });
        self.handoff.put(jobs.collect());
    }

    /// Reports a lease whose endpoint or event can't be read: there is nothing to attempt.
    pub(super) fn set_aside(&self, (delivery, token): &(DeliveryId, LeaseToken)) -> Report {
        self.metrics.crashed.inc();
        tracing::error!(%delivery, "what is stored of this delivery's endpoint or event can't be read; it is set aside");
        Report {
            delivery: delivery.clone(),
            token: token.clone(),
            event: String::new(),
            outcome: Outcome::Crashed,
        }
    }
}
