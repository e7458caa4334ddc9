//! Whether this worker can do its work: attempts say what worked, the fetcher asks how much it may take, and the log and
//! `/readyz` say what is missing. [`restraint`] decides.

mod restraint;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use domain::id::EndpointId;
use store::condition::{Readiness, StoreWarning};
use tokio::sync::Notify;

use crate::fault::{Need, NotAttempted};
use crate::metrics::Metrics;
use restraint::Restraint;

pub(crate) use restraint::Allowance;

/// How often whoever waits for the worker to be fit looks again.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What is known of this worker. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Fitness(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    restraint: Mutex<Restraint>,
    changed: Notify,
    metrics: Metrics,
}

impl Fitness {
    /// Nothing is known yet, so nothing is missing.
    pub(crate) fn new(metrics: Metrics) -> Self {
        Self(Arc::new(Inner {
            restraint: Mutex::default(),
            changed: Notify::new(),
            metrics,
        }))
    }

    /// Notes that a delivery for `endpoint` could not be attempted. Returns how long it is to wait when it is given back.
    pub(crate) fn could_not(&self, reason: &NotAttempted, endpoint: &EndpointId) -> Duration {
        self.change(|restraint, now| restraint.could_not(now, reason, endpoint))
    }

    /// Notes that an attempt for `endpoint` met these needs.
    pub(crate) fn could(&self, needs: &[Need], endpoint: &EndpointId) {
        self.change(|restraint, now| restraint.could(now, needs, endpoint));
    }

    /// What the worker may take; `None`: as much as it has room for.
    pub(crate) fn allowance(&self, now: Instant) -> Option<Allowance> {
        self.restraint().allowance(now)
    }

    /// Waits until the worker lacks something, or no longer lacks it.
    pub(crate) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// Waits until the worker lacks nothing that it knows of.
    pub(crate) async fn until_fit(&self) {
        while self.restraint().unfit(Instant::now()).next().is_some() {
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Adds to `found` what the worker lacks.
    pub(crate) fn tell(&self, found: &mut Readiness) {
        let (restraint, now) = (self.restraint(), Instant::now());
        found.reasons.extend(restraint.unfit(now).map(sentence));
        let unopened = restraint.unopened(now);
        if unopened > 0 {
            let message = format!(
                "the signing secrets of {unopened} endpoints don't open with SECRETS_KEY, and their deliveries wait: add the \
                 key that sealed them"
            );
            found.warnings.push(StoreWarning {
                code: "secrets",
                message,
            });
        }
    }

    fn change<T>(&self, change: impl FnOnce(&mut Restraint, Instant) -> T) -> T {
        let now = Instant::now();
        let mut restraint = self.restraint();
        let before: Vec<_> = restraint.unfit(now).collect();
        let was_restrained = restraint.allowance(now).is_some();
        let changed = change(&mut restraint, now);
        let after: Vec<_> = restraint.unfit(now).collect();
        let is_restrained = restraint.allowance(now).is_some();
        drop(restraint);
        if was_restrained != is_restrained {
            self.0.changed.notify_one();
        }
        for need in Need::ALL {
            match (before.contains(&need), after.contains(&need)) {
                (false, true) => tracing::error!("this worker is not fit for work: {}", sentence(need)),
                (true, false) => tracing::info!(need = need.name(), "this worker is fit for work again"),
                _ => {}
            }
        }
        changed
    }

    /// Brings the metric up to date.
    pub(crate) fn measure(&self) {
        let unfit: Vec<_> = self.restraint().unfit(Instant::now()).collect();
        for need in Need::ALL {
            let gauge = self.0.metrics.lacks.with_label_values(&[need.name()]);
            gauge.set(unfit.contains(&need).into());
        }
    }

    fn restraint(&self) -> MutexGuard<'_, Restraint> {
        self.0.restraint.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sentence(need: Need) -> String {
    format!(
        "{}; until that is right it takes a few deliveries to try, and gives them back unharmed",
        need.advice()
    )
}
