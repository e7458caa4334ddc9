//! The parts of a running worker: what each is given, and the tasks that they are.

mod queue;

use std::sync::Arc;

use apalis::prelude::{Monitor, ParallelizeExt as _, WorkerBuilder};
use domain::sealing::SecretsKeyring;
use program::live::Live;
use traces::Tracer;

use self::queue::Queue;
use crate::backend::Deliveries;
use crate::backend::handoff::Handoff;
use crate::backend::pool::{Capacity, Pool};
use crate::backend::slots::Slots;
use crate::clock::Clock;
use crate::config::Config;
use crate::deliver::{self, Deliverer, Sender};
use crate::drain::Drain;
use crate::egress::{self, Egress};
use crate::fitness::Fitness;
use crate::metrics::Metrics;
use crate::observer::Interest;
use crate::operator_events::OperatorReceiver;
use crate::outage::Outage;
use crate::presence::Identity;
use crate::shards::WorkerShard;
use crate::stop::{Stop, Stopper};
use crate::supervise::Supervisor;
use crate::tasks::{AbortOnDrop, Tasks};
use crate::transport;

/// Bytes of payloads that a worker holds at most, so that many large ones don't fill the memory.
const BYTES_IN_FLIGHT: u64 = 64 << 20;

/// What the parts are built from.
#[derive(Debug)]
pub(crate) struct Parts<'a> {
    pub(crate) config: &'a Config,
    pub(crate) shards: Vec<WorkerShard>,
    pub(crate) metrics: Metrics,
    /// Whether somebody reads them.
    pub(crate) interest: Interest,
    pub(crate) stop: Stop,
    pub(crate) client: transport::Client,
    pub(crate) clock: Clock,
    pub(crate) fitness: Fitness,
    pub(crate) egress: Egress,
    pub(crate) tracer: Tracer,
    pub(crate) keyring: Live<SecretsKeyring>,
    pub(crate) drain: Drain,
    /// As operators know this worker.
    pub(crate) identity: Identity,
    /// Where the operator is told what happens to accounts, and the client for it.
    pub(crate) operator: Option<(OperatorReceiver, reqwest::Client)>,
}

impl Parts<'_> {
    /// Starts every task: those of each shard, and those that serve all.
    pub(crate) fn start(self, stopper: Stopper, pages: Tasks) -> Supervisor {
        let handoff = Arc::new(Handoff::default());
        let sender = self.sender();
        let runner = self.runner(&sender, &handoff);
        let runner_context = runner.context();
        let capacity = Capacity {
            slots: self.config.concurrency.worker_concurrency,
            bytes: BYTES_IN_FLIGHT,
        };
        self.metrics.held.slots.set(capacity.slots.into());
        let most_bytes = i64::try_from(capacity.bytes).unwrap_or(i64::MAX);
        self.metrics.held.most_bytes.set(most_bytes);

        let (mut tasks, mut slots) = (Tasks::default(), Vec::new());
        let members = Pool::shared_by(self.shards.len(), capacity);
        for (shard, member) in self.shards.iter().zip(members) {
            let (of_shard, reports) = Slots::new(self.metrics.clone(), member);
            let queue = Queue {
                parts: &self,
                shard,
                slots: &of_shard,
                handoff: &handoff,
                capacity,
            };
            queue.start(reports, &sender, &mut tasks);
            slots.push(of_shard);
        }
        tasks.spawn("egress", self.watch_egress());
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

    /// Finds out whether our own network is down.
    fn watch_egress(&self) -> impl Future<Output = ()> + Send + use<> {
        let watch = egress::Watch {
            egress: self.egress.clone(),
            notes: egress::Notes(self.shards.clone()),
            client: self.client.clone(),
            check: self.config.attempts.egress_check.clone(),
            disable_after: self.config.disable.disable_after,
            metrics: self.metrics.clone(),
            stop: self.stop.clone(),
            redis: self.outage("egress", None),
        };
        watch.run()
    }

    /// apalis, which calls [`deliver::handle`] for each job.
    fn runner(&self, sender: &Arc<Sender>, handoff: &Arc<Handoff>) -> Monitor {
        let deliverer = Arc::new(Deliverer::new(
            Arc::clone(sender),
            self.config.attempts.retry_schedule.clone(),
            self.stop.clone(),
            self.metrics.clone(),
            self.fitness.clone(),
            self.tracer.clone(),
            self.identity.name.clone(),
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
            self.keyring.clone(),
            self.config.attempts.delivery_timeout.0,
            self.clock.clone(),
            self.egress.clone(),
        ))
    }

    /// What a task knows of outages. One that speaks for its shard sets what `/readyz` says.
    fn outage(&self, call: &'static str, speaks_for: Option<&WorkerShard>) -> Outage {
        let errors = self.metrics.redis_errors.with_label_values(&[call]);
        Outage::new(call, errors, speaks_for.map(|shard| shard.trouble.clone()))
    }
}

#[cfg(test)]
mod tests;
