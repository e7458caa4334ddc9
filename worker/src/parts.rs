//! The parts of a running worker: what each is given, and the tasks that they are.

mod operator;

mod packing;

use std::sync::Arc;

use apalis::prelude::{Monitor, ParallelizeExt as _, WorkerBuilder};
use store::Store;
use store::queue::Report;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{Notify, watch};

use crate::backend::fetcher::Fetcher;
use crate::backend::handoff::Handoff;
use crate::backend::plan::Capacity;
use crate::backend::slots::Slots;
use crate::backend::{Deliveries, wake};
use crate::clock::Clock;
use crate::config::Config;
use crate::deliver::{self, Deliverer, Sender};
use crate::egress::{self, Egress};
use crate::fitness::Fitness;
use crate::gauge::Gauge;
use crate::metrics::Metrics;
use crate::operator_events::OperatorReceiver;
use crate::outage::{Outage, Trouble};
use crate::ready::expected;
use crate::stop::{Stop, Stopper};
use crate::supervise::Supervisor;
use crate::tasks::{AbortOnDrop, Tasks};
use crate::test_events::{TestEventSender, TestEvents};
use crate::transport;
use crate::upkeep::Upkeep;

/// Bytes of payloads that a worker holds at most, so that many large ones don't fill the memory.
const BYTES_IN_FLIGHT: u64 = 64 << 20;

/// What the parts are built from.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) config: &'a Config,
    pub(crate) store: Store,
    pub(crate) metrics: Metrics,
    pub(crate) trouble: Trouble,
    pub(crate) stop: Stop,
    pub(crate) client: transport::Client,
    pub(crate) clock: Clock,
    pub(crate) fitness: Fitness,
    pub(crate) egress: Egress,
    /// Where the operator is told what happens to accounts, and the client for it.
    pub(crate) operator: Option<(OperatorReceiver, reqwest::Client)>,
}

/// What connects the fetcher with the task that waits for wake tokens.
#[derive(Debug)]
struct WakeUp {
    /// Whether a wake token would help.
    idle: watch::Sender<bool>,
    /// A wake token came.
    woken: Arc<Notify>,
}

impl Parts<'_> {
    /// Starts every task.
    pub(crate) fn start(self, stopper: Stopper, pages: Tasks) -> Supervisor {
        let (slots, reports) = Slots::new(self.metrics.clone());
        let handoff = Arc::new(Handoff::default());
        let wake_up = WakeUp {
            idle: watch::Sender::new(false),
            woken: Arc::default(),
        };
        let sender = self.sender();
        let runner = self.runner(&sender, &handoff);
        let runner_context = runner.context();

        let mut tasks = Tasks::default();
        tasks.spawn("wake", self.wake(&wake_up));
        tasks.spawn("fetcher", self.fetcher(&slots, reports, &handoff, wake_up));
        tasks.spawn("watch", self.watch());
        tasks.spawn("upkeep", self.upkeep());
        tasks.spawn("packing", self.packing(&slots));
        tasks.spawn("egress", self.watch_egress());
        tasks.spawn("trials", self.test_events(sender));
        self.operator_events(&mut tasks);
        tasks.spawn("runner", async move {
            if let Err(error) = runner.run().await {
                tracing::error!(%error, "the runner ended with an error");
            }
        });
        Supervisor {
            tasks,
            pages,
            stopper,
            slots,
            handoff,
            runner: runner_context,
            timeout: self.config.attempts.delivery_timeout.0,
        }
    }

    /// Reports and fetches.
    fn fetcher(
        &self,
        slots: &Arc<Slots>,
        reports: UnboundedReceiver<Report>,
        handoff: &Arc<Handoff>,
        wake_up: WakeUp,
    ) -> impl Future<Output = ()> + Send + use<> {
        let fetcher = Fetcher {
            store: self.store.clone(),
            policy: self.config.policy(),
            slots: Arc::clone(slots),
            reports,
            handoff: Arc::clone(handoff),
            egress: self.egress.clone(),
            idle: wake_up.idle,
            woken: wake_up.woken,
            stop: self.stop.clone(),
            metrics: self.metrics.clone(),
            outage: self.outage("work", true),
            clock: self.clock.clone(),
            fitness: self.fitness.clone(),
        };
        let slots = self.config.concurrency.worker_concurrency;
        self.metrics.slots.set(slots.into());
        fetcher.run(Capacity {
            slots,
            bytes: BYTES_IN_FLIGHT,
        })
    }

    /// Waits for wake tokens while the fetcher is idle.
    fn wake(&self, wake_up: &WakeUp) -> impl Future<Output = ()> + Send + use<> {
        wake::run(
            self.store.clone(),
            wake_up.idle.subscribe(),
            Arc::clone(&wake_up.woken),
            self.stop.clone(),
            self.outage("wake", false),
        )
    }

    /// Looks at the store for as long as the worker runs.
    fn watch(&self) -> impl Future<Output = ()> + Send + use<> {
        let expected = expected(self.config);
        let (store, metrics, mut stop) = (self.store.clone(), self.metrics.store.clone(), self.stop.clone());
        async move {
            tokio::select! {
                never = store.watch(&expected, |turn| metrics.turned(turn)) => match never {},
                () = stop.requested() => {}
            }
        }
    }

    /// Tidies the store up.
    fn upkeep(&self) -> impl Future<Output = ()> + Send + use<> {
        let budget = self.config.memory.store_budget_bytes.map(|size| size.0);
        let upkeep = Upkeep {
            store: self.store.clone(),
            policy: self.config.policy(),
            header_prefix: self.config.headers.header_prefix.clone(),
            is_announced: false,
            gauge: Gauge::new(self.store.clone(), budget),
            metrics: self.metrics.clone(),
            stop: self.stop.clone(),
            outage: self.outage("upkeep", false),
        };
        upkeep.run()
    }

    /// Finds out whether our own network is down.
    fn watch_egress(&self) -> impl Future<Output = ()> + Send + use<> {
        let watch = egress::Watch {
            egress: self.egress.clone(),
            store: self.store.clone(),
            client: self.client.clone(),
            check: self.config.attempts.egress_check.clone(),
            disable_after: self.config.disable.disable_after,
            metrics: self.metrics.clone(),
            stop: self.stop.clone(),
            redis: self.outage("egress", false),
        };
        watch.run()
    }

    /// Takes test events and sends them.
    fn test_events(&self, sender: Arc<Sender>) -> impl Future<Output = ()> + Send + use<> {
        let test_events = TestEvents {
            outage: self.outage("trials", false),
            fitness: self.fitness.clone(),
            stop: self.stop.clone(),
            sender: Arc::new(TestEventSender {
                store: self.store.clone(),
                sender,
                policy: self.config.policy(),
                metrics: self.metrics.clone(),
                clock: self.clock.clone(),
            }),
        };
        test_events.run()
    }

    /// apalis, which calls [`deliver::handle`] for each job.
    fn runner(&self, sender: &Arc<Sender>, handoff: &Arc<Handoff>) -> Monitor {
        let deliverer = Arc::new(Deliverer::new(
            Arc::clone(sender),
            self.config.attempts.retry_schedule.clone(),
            self.stop.clone(),
            self.metrics.clone(),
            self.fitness.clone(),
        ));
        let deliveries = Deliveries::new(Arc::clone(handoff));
        Monitor::new().register(move |_| {
            WorkerBuilder::new("deliveries")
                .backend(deliveries.clone())
                .data(Arc::clone(&deliverer))
                // Each attempt is a task of its own: it may use another core, and a panic in it ends nothing else.
                .parallelize(AbortOnDrop::spawn)
                .build(deliver::handle)
        })
    }

    fn sender(&self) -> Arc<Sender> {
        Arc::new(Sender::new(
            self.client.clone(),
            self.config.urls.policy(),
            (&self.config.headers.header_prefix).into(),
            self.config.secrets.secrets_key.clone(),
            self.config.attempts.delivery_timeout.0,
            self.clock.clone(),
            self.egress.clone(),
        ))
    }

    /// What a task knows of outages. One that `speaks` sets what `/readyz` says.
    fn outage(&self, call: &'static str, speaks: bool) -> Outage {
        let errors = self.metrics.redis_errors.with_label_values(&[call]);
        Outage::new(call, errors, speaks.then(|| self.trouble.clone()))
    }
}

#[cfg(test)]
mod tests;
