//! One attempt of one delivery, from the lease to the report.
//!
//! [`handle`] takes a job and reports an [`Outcome`], whatever happens in between:
//!
//! 1. [`message`] opens the endpoint's record ([`targets`]), writes the headers and signs.
//! 2. [`exchange`] sends the request and takes the [`answer`] in, within `DELIVERY_TIMEOUT`; [`masks`] hide what an answer echoes.
//! 3. [`conclude`](conclude::conclude) says what that means: a success, a pause that the receiver asked for, or a strike, and
//!    when the next attempt is made.
//!
//! Whatever a receiver does is an outcome, never an error. What the receiver is not to blame for ([`NotAttempted`]) is no
//! attempt, and the endpoint gets no strike:
//!
//! - A worker that stops, or a lease that is nearly over: the delivery is given back.
//! - A machine that lacks memory, files or ports, a proxy that doesn't do its work, a `SECRETS_KEY` that opens nothing, our own
//!   network or resolver that is down ([`egress`](crate::egress)): given back at once, to the front, where other workers find it,
//!   while this one restrains itself ([`fitness`](crate::fitness)).
//! - One endpoint's signing secret that doesn't open, while others' do: given back to wait among the retries, unharmed, for the
//!   operator who reads the log.
//! - An account that has as many requests as it may on their way to one address: given back at once, and its endpoint waits until
//!   another of them is over.
//! - A stored record that can't be sent at all: reported as a crash, which sets it aside after three of them.

pub(crate) mod message;

mod targets;

pub(crate) mod exchange;

mod answer;

pub(crate) mod masks;

mod conclude;

mod traced;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use apalis::prelude::Data;
use domain::clock::Timestamp;
use domain::endpoint::UrlPolicy;
use domain::header_names::HeaderNames;
use domain::retry::RetrySchedule;
use domain::sealing::SecretsKeyring;
use domain::seldom::Seldom;
use program::live::Live;
use store::queue::{Leased, Outcome};
use store::workers::WorkerName;
use traces::Tracer;

use crate::backend::job::Job;
use crate::clock::Clock;
use crate::egress::Egress;
use crate::fault::{Need, NotAttempted};
use crate::fitness::Fitness;
use crate::metrics::Metrics;
use crate::stop::Stop;
use crate::transport::Client;
use conclude::{conclude, random_fraction};
use exchange::Exchange;
use message::Message;
use targets::Targets;
use traced::Traced;

/// How often the log says that the proxy doesn't work.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// Makes the attempt of a job and reports what came of it. apalis calls this for each job, in a task of its own; a job that
/// is dropped on the way reports itself.
pub(crate) async fn handle(job: Job, deliverer: Data<Arc<Deliverer>>) {
    if deliverer.stop.is_set() {
        // Dropping the job gives it back.
        return;
    }
    let Some(job) = job.start(deliverer.sender.timeout, Instant::now()) else {
        return;
    };
    // On the heap: apalis moves what it gets several times, and all that an attempt holds is kilobytes.
    match Box::pin(deliverer.attempt(&job.leased)).await {
        Ok(outcome) => job.finish(outcome),
        Err(reason) => {
            deliverer.log_reason(&job.leased, &reason);
            let wait = deliverer.fitness.could_not(&reason, &job.leased.endpoint.id);
            job.not_attempted(&reason, wait);
        }
    }
}

/// Makes attempts.
#[derive(Debug)]
pub(crate) struct Deliverer {
    sender: Arc<Sender>,
    schedule: RetrySchedule,
    stop: Stop,
    metrics: Metrics,
    fitness: Fitness,
    tracer: Tracer,
    /// As operators know this worker.
    worker: WorkerName,
    proxy_trouble: Mutex<Seldom>,
}

impl Deliverer {
    /// Makes attempts with `sender`, and has failed ones repeated as `schedule` says.
    pub(crate) fn new(
        sender: Arc<Sender>,
        schedule: RetrySchedule,
        stop: Stop,
        metrics: Metrics,
        fitness: Fitness,
        tracer: Tracer,
        worker: WorkerName,
    ) -> Self {
        Self {
            sender,
            schedule,
            stop,
            metrics,
            fitness,
            tracer,
            worker,
            proxy_trouble: Mutex::new(Seldom::every(SAY_EVERY)),
        }
    }

    /// Sends what is leased, and concludes an outcome from what happened.
    async fn attempt(&self, leased: &Leased) -> Result<Outcome, NotAttempted> {
        let (started, traced) = (Instant::now(), Traced::begin(leased, &self.tracer));
        let message = Message {
            trace: traced.as_ref().and_then(Traced::told),
            ..leased.into()
        };
        let exchange = self.sender.send(message).await?;
        let (duration, now) = (started.elapsed(), self.sender.clock.now());
        self.count(&exchange, duration, now);
        self.fitness
            .could(Need::met_by(exchange.failure), &leased.endpoint.id);
        let outcome = conclude(
            exchange,
            duration,
            leased.attempt,
            &self.schedule,
            random_fraction,
            now,
        );
        self.metrics.waits.attempted(leased, &outcome, duration, now);
        let record = conclude::log(leased, &outcome, traced.as_ref(), &self.worker);
        if let (Some(traced), Some(record)) = (traced, record) {
            traced.end(&self.tracer, leased, record, leased.is_first(&outcome));
        }
        Ok(outcome)
    }

    fn count(&self, exchange: &Exchange, duration: Duration, now: Timestamp) {
        let label = exchange.label(now);
        self.metrics.attempts.with_label_values(&[label]).inc();
        self.metrics.attempt_duration.observe(duration.as_secs_f64());
    }

    /// Logs why there was no attempt, unless that is logged elsewhere.
    fn log_reason(&self, leased: &Leased, reason: &NotAttempted) {
        let delivery = &leased.delivery;
        match reason {
            NotAttempted::Resources(error) => {
                tracing::error!(%delivery, error, "could not attempt the delivery");
            }
            NotAttempted::Proxy(error) => {
                let mut proxy_trouble = self.proxy_trouble.lock().unwrap_or_else(PoisonError::into_inner);
                if proxy_trouble.is_due(Instant::now()) {
                    tracing::error!(
                        error,
                        "deliveries can't go through EGRESS_PROXY; they wait, and no endpoint is blamed"
                    );
                }
            }
            NotAttempted::Unsendable(_) => {
                tracing::error!(%delivery, error = %reason, "the delivery is set aside");
            }
            NotAttempted::Secret
            | NotAttempted::DamagedSecret
            | NotAttempted::Egress
            | NotAttempted::Crowded
            | NotAttempted::Names
            | NotAttempted::Late
            | NotAttempted::Stopping => {}
        }
    }
}

/// The one way to receivers, for deliveries and for test events.
#[derive(Debug)]
pub(crate) struct Sender {
    client: Client,
    targets: Targets,
    names: HeaderNames,
    clock: Clock,
    egress: Egress,
    /// `DELIVERY_TIMEOUT`.
    timeout: Duration,
}

impl Sender {
    /// Sends with `client` to what `urls` allows, with headers of these `names`, signs with what `keyring` opens at the time of `clock`,
    /// and asks `egress` whose trouble a failure is.
    pub(crate) fn new(
        client: Client,
        urls: UrlPolicy,
        names: HeaderNames,
        keyring: Live<SecretsKeyring>,
        timeout: Duration,
        clock: Clock,
        egress: Egress,
    ) -> Self {
        Self {
            client,
            targets: Targets::new(urls, keyring, names.clone()),
            names,
            clock,
            egress,
            timeout,
        }
    }

    /// Sends a message once: builds its request, and makes the exchange.
    ///
    /// # Errors
    ///
    /// When the receiver is not to blame for what failed: then it counts as not attempted.
    pub(crate) async fn send(&self, message: Message<'_>) -> Result<Exchange, NotAttempted> {
        let prepared = self.targets.find(message.endpoint).and_then(|target| {
            let request = message.request(&target, &self.names, self.clock.now())?;
            Ok((target, request))
        });
        let (target, request) = match prepared {
            Ok(prepared) => prepared,
            Err(fault) => return Exchange::without_request(fault),
        };
        let exchange = exchange::send(&self.client, &request, &target.masks, self.timeout).await?;
        let (url, account) = (target.recipient.url(), &message.endpoint.account);
        match self.egress.attempted(url, &target.site, account, exchange.sign()) {
            Some(reason) => Err(reason),
            None => Ok(exchange),
        }
    }
}

#[cfg(test)]
mod tests;
