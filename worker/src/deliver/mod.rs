//! One attempt of one delivery: sign, send, judge.
//!
//! Whatever a receiver does is an outcome, never an error. What is our own fault is no attempt: then the delivery is
//! given back, and the endpoint gets no strike.
//!
//! - A worker that stops, a lease that is nearly over, or a machine that lacks memory, files or ports: given back.
//! - A proxy that doesn't do its work: given back after a pause.
//! - A signing secret that doesn't open (`SECRETS_KEY` lacks its key): given back after a pause, so that the delivery
//!   waits, unharmed, for the operator who reads the log. Meanwhile it counts as slow, and others go first.
//! - A stored record that can't be sent at all: reported as a crash, which sets it aside after three of them.

mod answer;

mod judge;

mod request;

pub(crate) mod sender;

mod targets;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use domain::delivery::{Failure, Verdict};
use domain::id::fill_random;
use domain::retry::RetrySchedule;
use store::queue::{Leased, Outcome};

use crate::backend::job::{Job, StartedJob};
use crate::metrics::{GivenBack, Metrics};
use crate::stop::Stop;
use judge::Judged;
use sender::{NotSent, Sender};

/// How long a delivery is held whose secret doesn't open.
const SECRET_PAUSE: Duration = Duration::from_secs(5);

/// How long a delivery is held that could not go through the proxy.
const PROXY_PAUSE: Duration = Duration::from_secs(2);

/// How often the operator is told that the proxy doesn't work.
const COMPLAIN_EVERY: Duration = Duration::from_secs(30);

/// Makes attempts.
#[derive(Debug)]
pub(crate) struct Deliverer {
    sender: Arc<Sender>,
    schedule: RetrySchedule,
    stop: Stop,
    metrics: Metrics,
    complained: Mutex<Option<Instant>>,
}

/// What an attempt came to.
#[derive(Debug)]
enum Ending {
    /// The receiver, or the lack of one, decided.
    Attempted(Outcome),
    /// We could not even try.
    NotAttempted(GivenBack),
    /// What is stored can't be sent.
    Broken,
}

impl Deliverer {
    /// Makes attempts with `sender`, and has failed ones repeated as `schedule` says.
    pub(crate) fn new(sender: Arc<Sender>, schedule: RetrySchedule, stop: Stop, metrics: Metrics) -> Self {
        Self {
            sender,
            schedule,
            stop,
            metrics,
            complained: Mutex::default(),
        }
    }

    /// Makes the attempt of a job and reports it, whatever happens.
    pub(crate) async fn deliver(self: Arc<Self>, job: Job) {
        if self.stop.is_set() {
            // Dropping the job gives it back.
            return;
        }
        let Some(job) = job.start(self.sender.timeout(), Instant::now()) else {
            return;
        };
        match self.attempt(&job.leased).await {
            Ending::Attempted(result) => job.finish(result),
            Ending::NotAttempted(reason) => {
                self.pause(reason).await;
                job.give_back(reason);
            }
            Ending::Broken => self.set_aside(job),
        }
    }

    fn set_aside(&self, job: StartedJob) {
        self.metrics.crashed.inc();
        job.finish(Outcome::Crashed);
    }

    /// Waits before a delivery is given back that would only come again at once.
    async fn pause(&self, reason: GivenBack) {
        let pause = match reason {
            GivenBack::Secret => SECRET_PAUSE,
            GivenBack::Proxy => PROXY_PAUSE,
            GivenBack::Resources => Duration::from_secs(1),
            GivenBack::Late | GivenBack::Stopping => return,
        };
        let mut stop = self.stop.clone();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.requested() => {}
        }
    }

    async fn attempt(&self, leased: &Leased) -> Ending {
        let started = Instant::now();
        match self.sender.send(leased.into()).await {
            Ok(judged) => Ending::Attempted(self.conclude(leased, judged, started.elapsed())),
            Err(NotSent::Secret) => Ending::NotAttempted(GivenBack::Secret),
            Err(NotSent::Resources(error)) => {
                tracing::error!(delivery = %leased.delivery, error, "could not attempt the delivery");
                Ending::NotAttempted(GivenBack::Resources)
            }
            Err(NotSent::Proxy(error)) => {
                self.complain(&error);
                Ending::NotAttempted(GivenBack::Proxy)
            }
            Err(error @ NotSent::Unsendable(_)) => {
                tracing::error!(delivery = %leased.delivery, %error, "the delivery is set aside");
                Ending::Broken
            }
        }
    }

    /// Tells the operator about the proxy, but not for each delivery.
    fn complain(&self, error: &str) {
        let mut complained = self.complained.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        if complained.is_none_or(|last| now - last >= COMPLAIN_EVERY) {
            *complained = Some(now);
            tracing::error!(
                error,
                "deliveries can't go through EGRESS_PROXY; they wait, and no endpoint is blamed"
            );
        }
    }

    fn conclude(&self, leased: &Leased, judged: Judged, duration: Duration) -> Outcome {
        self.metrics.attempts.with_label_values(&[judged.outcome()]).inc();
        self.metrics.attempt_duration.observe(duration.as_secs_f64());
        let verdict = Verdict::of(
            judged.failure,
            leased.attempt,
            &self.schedule,
            judged.retry_after(),
            random_fraction(),
        );
        log(leased, &judged, verdict, duration);
        let is_gone = judged.failure == Some(Failure::Gone);
        let attempt = judged.record(duration);
        match verdict {
            Verdict::Succeeded => Outcome::Succeeded(attempt),
            Verdict::RetryIn(wait) => Outcome::Failed {
                attempt,
                retry_in: Some(wait),
                gone: is_gone,
            },
            Verdict::Exhausted => Outcome::Failed {
                attempt,
                retry_in: None,
                gone: is_gone,
            },
        }
    }
}

/// One line for each attempt. The snippet is the receiver's, and stays out of our logs.
fn log(leased: &Leased, judged: &Judged, verdict: Verdict, duration: Duration) {
    let (delivery, endpoint, attempt) = (&leased.delivery, &leased.endpoint.id, leased.attempt);
    let (status, ms) = (judged.status(), duration.as_secs_f64() * 1000.0);
    let error = judged.failure.map(Failure::code);
    match verdict {
        Verdict::Succeeded => tracing::debug!(%delivery, %endpoint, attempt, status, ms, "delivered"),
        Verdict::RetryIn(wait) => tracing::info!(
            %delivery, %endpoint, attempt, status, ms, error,
            detail = judged.detail, retry_in_seconds = wait.as_secs_f64(), "attempt failed"
        ),
        Verdict::Exhausted => tracing::info!(
            %delivery, %endpoint, attempt, status, ms, error,
            detail = judged.detail, "the last attempt failed; the delivery is exhausted"
        ),
    }
}

/// A random number between 0 and 1.
fn random_fraction() -> f64 {
    let mut bytes = [0_u8; 4];
    fill_random(&mut bytes);
    f64::from(u32::from_be_bytes(bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
