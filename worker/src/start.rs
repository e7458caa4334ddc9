//! From the configuration to running tasks: waits for Redis, looks at it, builds the parts, and has them supervised.

use std::sync::Arc;

use apalis::prelude::{Data, Monitor, WorkerBuilder};
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};

use crate::backend::fetcher::Fetcher;
use crate::backend::handoff::Handoff;
use crate::backend::job::Job;
use crate::backend::plan::Limits;
use crate::backend::slots::Slots;
use crate::backend::{Deliveries, wake};
use crate::config::Config;
use crate::deliver::Deliverer;
use crate::deliver::sender::Sender;
use crate::error::RunError;
use crate::gauge::Gauge;
use crate::health::{self, Health};
use crate::metrics::Metrics;
use crate::outage::{Outage, Trouble};
use crate::ready::{expected, wait_for_store};
use crate::stop::{Stop, Stopper};
use crate::supervise::{AbortOnDrop, Supervisor, Tasks};
use crate::test_events::{TestEvents, Tester};
use crate::transport::resolver::SystemResolver;
use crate::transport::{self, Roots};
use crate::upkeep::Upkeep;

/// Bytes of payloads that a worker holds at most, so that many large ones don't fill the memory.
const BYTES_IN_FLIGHT: u64 = 64 << 20;

/// Runs a worker until `shutdown`, and then for at most `DELIVERY_TIMEOUT` and two seconds.
///
/// Without Redis it waits, and `/readyz` says so. After `shutdown` it takes nothing new, finishes what is in flight
/// and gives back the rest.
///
/// # Errors
///
/// [`RunError`] when the worker can't start, or a part of it ended unexpectedly.
pub async fn run(
    config: Config,
    store: Store,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), RunError> {
    let metrics = Metrics::new()?;
    let trouble = Trouble::new("Redis has not answered yet");
    let (stopper, stop) = Stopper::new();
    let client = client(&config)?;
    let mut pages = Tasks::default();
    let health = Health {
        store: store.clone(),
        trouble: trouble.clone(),
        metrics: metrics.clone(),
        stopping: stop.clone(),
    };
    pages.spawn("health", async move {
        if let Err(error) = health::serve(health, listener).await {
            tracing::error!(%error, "the health pages could not be served");
        }
    });

    let mut shutdown = std::pin::pin!(shutdown);
    let mut outage = Outage::new(
        "start",
        metrics.redis_errors.with_label_values(&["inspect"]),
        Some(trouble.clone()),
    );
    let server = tokio::select! {
        inspected = wait_for_store(&config, &store, &mut outage) => inspected?,
        () = &mut shutdown => return Ok(()),
    };
    trouble.set(None);
    tracing::info!(
        server,
        "webhooks-worker {} started: {config}",
        env!("CARGO_PKG_VERSION")
    );

    let parts = Parts {
        config: &config,
        store,
        metrics,
        trouble,
        stop,
        client,
    };
    parts.start(stopper, pages).run(shutdown).await
}

fn client(config: &Config) -> Result<transport::Client, RunError> {
    let settings = |roots| transport::Settings {
        addresses: config.urls.policy().addresses,
        connect_timeout: config.attempts.delivery_timeout.0,
        max_idle_per_host: config.concurrency.worker_concurrency as usize,
        roots,
        proxy: config.attempts.egress_proxy.0.clone(),
    };
    match transport::client(settings(Roots::System), Arc::new(SystemResolver::default())) {
        // Development without certificate authorities: plain http works, and https fails visibly.
        Err(RunError::Tls(error)) if config.urls.allow_http => {
            tracing::warn!(%error, "no certificate authorities were found, so no https receiver is trusted");
            transport::client(
                settings(Roots::Only(Vec::new())),
                Arc::new(SystemResolver::default()),
            )
        }
        built => built,
    }
}

struct Parts<'a> {
    config: &'a Config,
    store: Store,
    metrics: Metrics,
    trouble: Trouble,
    stop: Stop,
    client: transport::Client,
}

impl Parts<'_> {
    /// Starts every task.
    fn start(self, stopper: Stopper, pages: Tasks) -> Supervisor {
        let slots = self.config.concurrency.worker_concurrency;
        self.metrics.slots.set(slots.into());
        let timeout = self.config.attempts.delivery_timeout.0;
        let (ledger, reports) = Slots::new(self.metrics.clone());
        let handoff = Arc::new(Handoff::default());
        let (idle_sender, idle) = watch::channel(false);
        let woken = Arc::new(Notify::new());

        let fetcher = Fetcher {
            store: self.store.clone(),
            policy: self.config.policy(),
            slots: Arc::clone(&ledger),
            reports,
            handoff: Arc::clone(&handoff),
            idle: idle_sender,
            woken: Arc::clone(&woken),
            stop: self.stop.clone(),
            metrics: self.metrics.clone(),
            outage: self.outage("work", true),
        };
        let mut tasks = Tasks::default();
        tasks.spawn(
            "fetcher",
            fetcher.run(Limits {
                slots,
                bytes: BYTES_IN_FLIGHT,
            }),
        );
        let outage = self.outage("wake", false);
        tasks.spawn(
            "wake",
            wake::run(self.store.clone(), idle, woken, self.stop.clone(), outage),
        );
        tasks.spawn("watch", self.watch());
        let upkeep = Upkeep {
            store: self.store.clone(),
            policy: self.config.policy(),
            notice: Some(self.config.policy()),
            gauge: Gauge::new(
                self.store.clone(),
                self.config.memory.store_budget_bytes.map(|size| size.0),
            ),
            metrics: self.metrics.clone(),
            stop: self.stop.clone(),
            outage: self.outage("upkeep", false),
        };
        tasks.spawn("upkeep", upkeep.run());

        let sender = Arc::new(Sender::new(
            self.client.clone(),
            self.config.urls.policy(),
            self.config.secrets.secrets_key.clone(),
            timeout,
        ));
        let test_events = TestEvents {
            outage: self.outage("trials", false),
            stop: self.stop.clone(),
            tester: Arc::new(Tester {
                store: self.store.clone(),
                sender: Arc::clone(&sender),
                policy: self.config.policy(),
                metrics: self.metrics.clone(),
            }),
        };
        tasks.spawn("test events", test_events.run());

        let deliverer = Deliverer::new(
            sender,
            self.config.attempts.retry_schedule.clone(),
            self.stop.clone(),
            self.metrics.clone(),
        );
        let monitor = runner(Arc::new(deliverer), &handoff);
        let context = monitor.context();
        tasks.spawn("runner", async move {
            if let Err(error) = monitor.run().await {
                tracing::error!(%error, "the runner ended with an error");
            }
        });
        Supervisor {
            tasks,
            pages,
            stopper,
            slots: ledger,
            handoff,
            runner: context,
            timeout,
        }
    }

    /// Looks at the store for as long as the worker runs.
    fn watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let expected = expected(self.config);
        let (store, rewinds, mut stop) = (
            self.store.clone(),
            self.metrics.store_rewinds.clone(),
            self.stop.clone(),
        );
        async move {
            tokio::select! {
                never = store.watch(expected, || rewinds.inc()) => match never {},
                () = stop.requested() => {}
            }
        }
    }

    fn outage(&self, call: &'static str, speaks: bool) -> Outage {
        let errors = self.metrics.redis_errors.with_label_values(&[call]);
        Outage::new(call, errors, speaks.then(|| self.trouble.clone()))
    }
}

/// apalis, with the deliverer as its handler.
fn runner(deliverer: Arc<Deliverer>, handoff: &Arc<Handoff>) -> Monitor {
    let deliveries = Deliveries::new(Arc::clone(handoff));
    Monitor::new().register(move |_| {
        WorkerBuilder::new("deliveries")
            .backend(deliveries.clone())
            .data(Arc::clone(&deliverer))
            .build(handle)
    })
}

/// Each attempt is a task of its own: it may use another core, and a panic in it ends nothing else. Its permit reports
/// the crash.
async fn handle(job: Job, deliverer: Data<Arc<Deliverer>>) {
    let delivery = job.leased.delivery.clone();
    let attempt = AbortOnDrop(tokio::spawn(Arc::clone(&deliverer).deliver(job)));
    if attempt.await.is_err_and(|error| error.is_panic()) {
        tracing::error!(%delivery, "an attempt panicked; it is reported as a crash");
    }
}

#[cfg(test)]
mod tests;
