//! Upkeep, which nobody waits for. In bounded steps it lets go of payloads of finished events that were kept for long enough
//! (or for which memory is too short), takes back expired leases, works through queues that were released, discarded or
//! removed, and carries on with replays of many. Every worker does it, and any one is enough.
//!
//! Each step also tells what an operator wants of this worker.
//!
//! Before it begins, it announces the worker's policy and how it names headers. While the store is in an older form, it looks whether it may change.

mod upgrade;

use std::time::{Duration, Instant};

use domain::header_names::HeaderPrefix;
use domain::id::fill_random;
use store::Store;
use store::parked::{ParkedSearch, SearchStep};
use store::policy::Policy;
use store::queue::{Released, UpkeepReply};

use crate::gauge::{Gauge, look_every};
use crate::metrics::{AT_AGE, Metrics, OVER_BUDGET, UNDER_PRESSURE};
use crate::outage::Outage;
use crate::presence::Known;
use crate::stop::Stop;

use self::upgrade::StoreUpgrade;

/// How often upkeep runs while there is nothing to do.
const EVERY: Duration = Duration::from_secs(2);

/// How often while nothing happens in the shard. More than ten seconds would count as a gap, after which leases wait (`upkeep/start.lua`).
const EVERY_WHILE_QUIET: Duration = Duration::from_secs(7);

/// How often it asks whether a search for parked endpoints is due.
const SEARCH_EVERY: Duration = Duration::from_secs(3600);

/// What upkeep works with.
#[derive(Debug)]
pub(crate) struct Upkeep {
    pub(crate) store: Store,
    pub(crate) policy: Policy,
    pub(crate) header_prefix: HeaderPrefix,
    /// Whether the API knows the policy. At first it doesn't.
    pub(crate) is_announced: bool,
    pub(crate) gauge: Gauge,
    pub(crate) metrics: Metrics,
    pub(crate) stop: Stop,
    pub(crate) outage: Outage,
    pub(crate) known: Known,
}

impl Upkeep {
    /// Runs until the worker stops.
    pub(crate) async fn run(mut self) {
        let mut stop = self.stop.clone();
        let (mut search, mut search_from) = (ParkedSearch::default(), Instant::now());
        let mut upgrade = StoreUpgrade::default();
        let mut last: Option<Instant> = None;
        loop {
            self.announce().await;
            let look_again = self.upgrade_store(&mut upgrade).await;
            if search_from <= Instant::now() && self.search_parked(&mut search).await {
                search_from = Instant::now() + SEARCH_EVERY;
            }
            let reading = self.gauge.read().await;
            let asked = Instant::now();
            let since_last = last.map(|last| asked - last);
            let policy = with_history_budget(&self.policy, reading.limit);
            let name = self.known.name.as_str();
            let done = self.store.upkeep_of(name, &policy, since_last, reading.excess);
            let (wait, while_quiet, look_every) = match done.await {
                Ok(reply) => {
                    last = Some(asked);
                    self.outage.over();
                    self.known.hear(reply.wish);
                    self.done(reply);
                    let wait = |every| wait_after(reply, every);
                    (wait(EVERY), wait(EVERY_WHILE_QUIET), look_every(reading, &reply))
                }
                Err(error) => {
                    let wait = self.outage.failed(&error).max(EVERY / 2);
                    (wait, wait, None)
                }
            };
            let [wait, while_quiet] =
                [wait, while_quiet].map(|wait| look_again.map_or(wait, |soon| wait.min(soon)));
            tokio::select! {
                () = self.gauge.rest(wait, while_quiet, look_every) => {}
                () = stop.requested() => return,
            }
        }
    }

    /// Announces the worker's policy, if that hasn't succeeded yet. A server whose memory is full refuses it, and upkeep
    /// goes on.
    async fn announce(&mut self) {
        if self.is_announced {
            return;
        }
        match self
            .store
            .announce_policy(&self.policy, &self.header_prefix)
            .await
        {
            Ok(()) => self.is_announced = true,
            Err(error) => {
                self.outage.failed(&error);
            }
        }
    }

    /// Changes the store to newer forms when it may; says when to look again.
    async fn upgrade_store(&mut self, upgrade: &mut StoreUpgrade) -> Option<Duration> {
        match upgrade.step(&self.store).await {
            Ok(look_again) => look_again,
            Err(error) => {
                self.outage.failed(&error);
                None
            }
        }
    }

    /// One step of the search for endpoints that aren't active and that upkeep doesn't know; whether it is over for now.
    async fn search_parked(&mut self, search: &mut ParkedSearch) -> bool {
        let (is_over, found) = match self.store.search_parked(search).await {
            Ok(SearchStep::Going { found }) => (false, found),
            Ok(SearchStep::Ended { found }) => (true, found),
            Ok(SearchStep::NotDue) => (true, 0),
            Err(error) => {
                self.outage.failed(&error);
                (false, 0)
            }
        };
        if found > 0 {
            tracing::info!(
                endpoints = found,
                "found endpoints that are not active, and looks after what is parked there"
            );
        }
        is_over
    }

    fn done(&mut self, reply: UpkeepReply) {
        self.metrics.leases_reaped.inc_by(reply.reaped.into());
        self.metrics.deliveries_swept.inc_by(reply.swept.into());
        self.metrics.endpoints_disabled.inc_by(reply.disabled.into());
        let released = [
            (AT_AGE, reply.aged),
            (UNDER_PRESSURE, reply.early),
            (OVER_BUDGET, reply.over_budget),
        ];
        for (reason, Released { payloads, bytes }) in released {
            let label = &[reason];
            self.metrics
                .payloads_released
                .with_label_values(label)
                .inc_by(payloads);
            self.metrics
                .payload_bytes_released
                .with_label_values(label)
                .inc_by(bytes);
        }
        self.gauge.made_room(reply.early.payloads);
        if reply.disabled > 0 {
            tracing::info!(
                endpoints = reply.disabled,
                "disabled endpoints whose failures have lasted for long enough; their deliveries are parked"
            );
        }
        if reply.reaped > 0 {
            tracing::info!(leases = reply.reaped, "took back leases that had expired");
        }
    }
}

/// The same policy, with a quarter of the limit for the history of each account unless it says otherwise.
fn with_history_budget(policy: &Policy, limit: Option<u64>) -> Policy {
    let mut policy = policy.clone();
    if let Some(limit) = limit.filter(|_| policy.history_budget == u64::MAX) {
        policy.history_budget = limit / 4;
    }
    policy
}

/// How long until the next step, if there is one `every` so often.
fn wait_after(reply: UpkeepReply, every: Duration) -> Duration {
    if reply.more {
        return Duration::ZERO;
    }
    let wait = jittered(every);
    reply.look_again.map_or(wait, |soon| wait.min(soon))
}

/// Up to 10 % shorter or longer, so that workers don't march in step.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0_u8];
    fill_random(&mut byte);
    wait.mul_f64(0.9 + 0.2 * f64::from(byte[0]) / 255.0)
}

#[cfg(test)]
mod tests;
